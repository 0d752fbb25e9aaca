package io.freshet.local.inspect;

import io.freshet.config.Key;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.RawMessage;
import io.freshet.registry.SchemaRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decoding of messages as the job would decode them, to find its dead letters. Not thread-safe. */
public final class Trial {
    /** Dead letters of one reason. */
    private static final class Letters {
        private final DeadLetter first;
        private long count;

        Letters(DeadLetter first) {
            this.first = first;
        }
    }

    private final ExamplePacker packer;
    private final Set<String> topics = new HashSet<>();
    private final Map<DeadLetterReason, Letters> letters = new EnumMap<>(DeadLetterReason.class);

    /**
     * @param registry registry of the messages' schemas; null if their format needs none
     */
    public Trial(IngestConfig config, @Nullable SchemaRegistry registry) {
        packer =
                new ExamplePacker(
                        config,
                        registry,
                        letter ->
                                letters.computeIfAbsent(
                                                letter.reason(), reason -> new Letters(letter))
                                        .count++);
    }

    /** Decodes a message. */
    public void add(RawMessage message) {
        ExampleBlock block = packer.pack(message);
        packer.recycle(block);
        topics.add(message.topic());
    }

    /** Returns the dead letters, a clause for each reason: how many there are, and the first. */
    public List<String> deadLetters() {
        List<String> lines = new ArrayList<>();
        letters.forEach(
                (reason, found) ->
                        lines.add(
                                String.format(
                                        Locale.ROOT,
                                        "%,d %s, %sin %s: %s",
                                        found.count,
                                        Key.kebab(reason),
                                        found.count == 1 ? "" : "the first ",
                                        place(found.first.message()),
                                        found.first.detail())));
        return lines;
    }

    private String place(RawMessage message) {
        return message.topic().isEmpty()
                ? "row " + (message.offset() + 1)
                : (topics.size() > 1 ? message.topic() + ", " : "")
                        + "partition "
                        + message.partition()
                        + " at offset "
                        + message.offset();
    }
}
