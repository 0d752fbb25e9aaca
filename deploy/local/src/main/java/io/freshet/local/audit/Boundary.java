package io.freshet.local.audit;

import io.freshet.schemas.Audit;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PartitionAudit;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Provenance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Counts and digests that one record of a job states for a model, cumulative since the model was
 * created. Two successive ones delimit a range of offsets in each partition.
 *
 * @param origin the record, for people
 * @param sequence sequence number of a metrics record; {@link #NO_SEQUENCE} of a snapshot
 * @param examplesSeen number of examples trained on
 * @param accepted events trained on
 * @param unlabelled events predicted only
 * @param ignored events neither predicted nor trained on
 * @param deadLetters events published as dead letters
 * @param unpredicted number of the ignored events that have no label; null if the record does not
 *     say
 * @param partitions events read, by partition; empty in records of versions 1 and 2
 */
record Boundary(
        String origin,
        long sequence,
        long examplesSeen,
        EventSum accepted,
        EventSum unlabelled,
        EventSum ignored,
        EventSum deadLetters,
        @Nullable Long unpredicted,
        Map<TopicPartition, PartitionRead> partitions) {
    static final long NO_SEQUENCE = -1;

    /** State of a model before its first event. */
    static final Boundary START =
            new Boundary(
                    "the start",
                    NO_SEQUENCE,
                    0,
                    EventSum.NONE,
                    EventSum.NONE,
                    EventSum.NONE,
                    EventSum.NONE,
                    0L,
                    Map.of());

    private static final PartitionRead NOTHING =
            new PartitionRead("", Long.MAX_VALUE, -1, EventSum.NONE, -1);

    /** Reasons for which events without a label are ignored. */
    private static final List<String> UNPREDICTED = List.of("NON_FINITE_PREDICTION", "NO_CLASS");

    static Boundary of(MetricsEvent event) {
        return of(
                "metrics record " + event.getSequence(),
                event.getSequence(),
                event.getExamplesSeen(),
                event.getAudit(),
                UNPREDICTED.stream()
                        .mapToLong(reason -> event.getIgnoredByReason().getOrDefault(reason, 0L))
                        .sum(),
                event.getPartitions(),
                event.getOffsets());
    }

    /**
     * @param event first chunk of a snapshot
     * @param provenance provenance in that chunk
     */
    static Boundary of(ModelSnapshotEvent event, Provenance provenance) {
        return of(
                "the snapshot of version " + event.getModelVersion(),
                NO_SEQUENCE,
                provenance.getExamplesSeen(),
                provenance.getAudit(),
                provenance.getAudit().getIgnored().getCount() == 0 ? 0L : null,
                provenance.getPartitions(),
                provenance.getOffsets());
    }

    private static Boundary of(
            String origin,
            long sequence,
            long examplesSeen,
            Audit audit,
            @Nullable Long unpredicted,
            List<PartitionAudit> read,
            List<PartitionOffset> trained) {
        Map<TopicPartition, Long> lastTrained = new HashMap<>();
        for (PartitionOffset offset : trained) {
            lastTrained.put(
                    new TopicPartition(offset.getTopic(), offset.getPartition()),
                    offset.getOffset());
        }
        Map<TopicPartition, PartitionRead> partitions = new HashMap<>();
        for (PartitionAudit partition : read) {
            TopicPartition source =
                    new TopicPartition(partition.getTopic(), partition.getPartition());
            partitions.put(
                    source,
                    new PartitionRead(
                            partition.getTopicId(),
                            partition.getFirstOffset(),
                            partition.getLastOffset(),
                            EventSum.of(partition.getRead()),
                            lastTrained.getOrDefault(source, -1L)));
        }
        return new Boundary(
                origin,
                sequence,
                examplesSeen,
                EventSum.of(audit.getAccepted()),
                EventSum.of(audit.getUnlabelled()),
                EventSum.of(audit.getIgnored()),
                EventSum.of(audit.getDeadLetters()),
                unpredicted,
                partitions);
    }

    /** Returns the events read from a partition; none if the record does not name it. */
    PartitionRead partition(TopicPartition partition) {
        return partitions.getOrDefault(partition, NOTHING);
    }

    /** Returns the events read from all partitions. */
    EventSum read() {
        EventSum sum = EventSum.NONE;
        for (PartitionRead partition : partitions.values()) {
            sum = sum.plus(partition.read());
        }
        return sum;
    }

    /** Returns the events of all four outcomes. */
    EventSum outcomes() {
        return accepted.plus(unlabelled).plus(ignored).plus(deadLetters);
    }

    /**
     * Returns the number of events that were read and wait until later ones complete a mini-batch
     * or block.
     */
    long pending() {
        return read().count() - outcomes().count();
    }

    /** Returns whether this record states events, but not from which offsets they were read. */
    boolean isWithoutPartitions() {
        return partitions.isEmpty() && outcomes().count() > 0;
    }

    /** Returns whether this record comes after another one of the same model. */
    boolean isAfter(Boundary other) {
        long more = read().count() - other.read().count();
        return more > 0 || (more == 0 && outcomes().count() > other.outcomes().count());
    }

    /** Returns whether two records of the same model state the same events. */
    boolean agreesWith(Boundary other) {
        if (examplesSeen != other.examplesSeen
                || !accepted.equals(other.accepted)
                || !unlabelled.equals(other.unlabelled)
                || !ignored.equals(other.ignored)
                || !deadLetters.equals(other.deadLetters)
                || !partitions.keySet().equals(other.partitions.keySet())) {
            return false;
        }
        return partitions.keySet().stream()
                .allMatch(
                        source ->
                                partition(source).read().equals(other.partition(source).read())
                                        && partition(source).last()
                                                == other.partition(source).last());
    }
}
