package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.deadletters.DeadLetterJson;
import io.freshet.local.deadletters.DeadLetterOptions;
import io.freshet.local.deadletters.DeadLetterText;
import io.freshet.local.deadletters.DeadLetterTopic;
import io.freshet.local.deadletters.StoredDeadLetter;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.publish.Topic;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet dead-letters list}: the newest dead letters, and counts by reason. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = "Counts dead letters by reason, and lists the newest, the newest last.")
final class DeadLettersListCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
    @Mixin private DeadLetterOptions deadLetterOptions = new DeadLetterOptions();

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "20",
            description = "Maximum number to list (default: ${DEFAULT-VALUE}).")
    private int limit = 20;

    @Option(
            names = "--json",
            description = "Prints one JSON object for each dead letter, and no counts.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (limit < 0) {
            throw new UserException("--limit " + limit + ": must not be negative");
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        KafkaPreflight.requireTopic(topics.kafka(), topics.publish().topic(Topic.DEAD_LETTERS));
        Deque<StoredDeadLetter> newest = new ArrayDeque<>();
        Map<String, Long> byReason = new TreeMap<>();
        DeadLetterTopic deadLetters = new DeadLetterTopic(topics);
        deadLetters.read(
                deadLetterOptions.filter(List.of()),
                letter -> {
                    byReason.merge(letter.event().getReason(), 1L, Long::sum);
                    newest.addLast(letter);
                    if (newest.size() > limit) {
                        newest.removeFirst();
                    }
                });
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            newest.forEach(letter -> out.println(DeadLetterJson.write(letter, false)));
        } else {
            DeadLetterText.printCounts(out, byReason);
            newest.forEach(letter -> DeadLetterText.printShort(out, letter));
            if (deadLetters.unreadable() > 0) {
                out.println(deadLetters.unreadable() + " records cannot be read; see the log");
            }
        }
        out.flush();
        return 0;
    }
}
