package io.freshet.local.audit;

import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Tally;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a job says of itself against what a reader from outside finds in the topics.
 *
 * <p>Fed with every record of the topics; knows no Kafka. Its hash of a record's place is written
 * anew here, so that it would notice a mistake in the job's.
 */
public final class TopicAudit {
    /** One thing that must hold, and whether it does. */
    public record Check(String name, boolean holds, String detail) {}

    /** A count and a digest: the sum of the hashes of the places. */
    public record Sum(long count, long digest) {
        static final Sum NONE = new Sum(0, 0);

        Sum plus(long hash) {
            return new Sum(count + 1, digest + hash);
        }

        Sum plus(Tally tally) {
            return new Sum(count + tally.getCount(), digest + tally.getDigest());
        }

        Sum plus(Sum other) {
            return new Sum(count + other.count, digest + other.digest);
        }

        @Override
        public String toString() {
            return String.format("%,d (%016x)", count, digest);
        }
    }

    private final Map<String, MetricsEvent> last = new TreeMap<>();
    private final Map<String, Long> records = new TreeMap<>();
    private final List<String> outOfSequence = new ArrayList<>();
    private Sum input = Sum.NONE;
    private Sum deadLetters = Sum.NONE;
    private Sum predictions = Sum.NONE;

    /** A record of the labelled events. */
    void input(String topic, int partition, long offset) {
        input = input.plus(hash(topic, partition, offset));
    }

    /**
     * A record of the metrics, in the order of the topic. Under at-least-once delivery records may
     * come again, with a higher attempt.
     */
    public void metrics(MetricsEvent event) {
        String modelId = event.getModelId();
        long expected = records.getOrDefault(modelId, 0L);
        MetricsEvent before = last.get(modelId);
        boolean again =
                before != null
                        && event.getSequence() < expected
                        && attempt(event) > attempt(before);
        if (event.getSequence() != expected && !again && outOfSequence.size() < 3) {
            outOfSequence.add(
                    "model \""
                            + modelId
                            + "\": "
                            + event.getSequence()
                            + " where "
                            + expected
                            + " was due");
        }
        records.put(modelId, again ? event.getSequence() + 1 : expected + 1);
        last.put(modelId, event);
    }

    private static long attempt(MetricsEvent event) {
        return event.getAttempt() == null ? 0 : event.getAttempt();
    }

    /** A record of the dead letters. */
    void deadLetter(DeadLetterEvent event) {
        deadLetters =
                deadLetters.plus(hash(event.getTopic(), event.getPartition(), event.getOffset()));
    }

    /** A record of the predictions. */
    void prediction(PredictionEvent event) {
        PartitionOffset source = event.getSource();
        predictions =
                predictions.plus(
                        hash(source.getTopic(), source.getPartition(), source.getOffset()));
    }

    /** The last metrics of a model. */
    public @Nullable MetricsEvent last(String modelId) {
        return last.get(modelId);
    }

    /** Records of the labelled events. */
    public long events() {
        return input.count;
    }

    public Sum accepted() {
        return sum(event -> event.getAudit().getAccepted());
    }

    public Sum unlabelled() {
        return sum(event -> event.getAudit().getUnlabelled());
    }

    public Sum ignored() {
        return sum(event -> event.getAudit().getIgnored());
    }

    public Sum deadLetters() {
        return sum(event -> event.getAudit().getDeadLetters());
    }

    public long examplesSeen() {
        return last.values().stream().mapToLong(MetricsEvent::getExamplesSeen).sum();
    }

    private Sum sum(Function<MetricsEvent, Tally> fate) {
        Sum sum = Sum.NONE;
        for (MetricsEvent event : last.values()) {
            sum = sum.plus(fate.apply(event));
        }
        return sum;
    }

    /** Everything that must hold. */
    public List<Check> checks() {
        Sum fates = accepted().plus(unlabelled()).plus(ignored()).plus(deadLetters());
        return List.of(
                new Check(
                        "every event met one fate",
                        fates.count == input.count,
                        String.format("%,d of %,d", fates.count, input.count)),
                new Check(
                        "every accepted event was trained on",
                        examplesSeen() == accepted().count,
                        String.format("%,d of %,d", examplesSeen(), accepted().count)),
                new Check(
                        "none was lost, none counted twice",
                        fates.equals(input),
                        String.format("digest %016x of %016x", fates.digest, input.digest)),
                new Check(
                        "every dead letter is on its topic",
                        deadLetters.equals(deadLetters()),
                        deadLetters + " of " + deadLetters()),
                new Check(
                        "every prediction is on its topic",
                        predictions.equals(unlabelled()),
                        predictions + " of " + unlabelled()),
                new Check(
                        "metrics come in sequence",
                        outOfSequence.isEmpty(),
                        outOfSequence.isEmpty()
                                ? String.format(
                                        "%,d records",
                                        records.values().stream().mapToLong(n -> n).sum())
                                : String.join("; ", outOfSequence)));
    }

    /** Whether all of it does. */
    public boolean holds() {
        return checks().stream().allMatch(Check::holds);
    }

    private static long hash(String topic, int partition, long offset) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        byte[] place =
                ByteBuffer.allocate(name.length + 1 + Integer.BYTES + Long.BYTES)
                        .put(name)
                        .put((byte) 0)
                        .putInt(partition)
                        .putLong(offset)
                        .array();
        return XXHashFactory.safeInstance().hash64().hash(place, 0, place.length, 0);
    }
}
