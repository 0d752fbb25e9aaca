package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Records of one model in their order, with the sums of the events that the audit finds between
 * them.
 *
 * <p>First all boundaries are added, then {@link #seal} is called, then the events are added, in
 * any order.
 */
final class ModelLedger {
    /** Index of an event that the model's newest record does not cover. */
    static final int NOT_COVERED = -1;

    private final String modelId;
    private boolean startsLate;
    private final List<Boundary> boundaries = new ArrayList<>();
    private final List<RangeSums> ranges = new ArrayList<>();
    private final Map<TopicPartition, Cursor> cursors = new HashMap<>();

    /** Labelled events after the last one trained on, without dead letters. */
    private final RunningSum afterTraining = new RunningSum();

    /** The last unlabelled events after the last one trained on, without dead letters. */
    private final LastUnlabelled lastUnlabelled = new LastUnlabelled();

    ModelLedger(String modelId) {
        this.modelId = modelId;
    }

    String modelId() {
        return modelId;
    }

    /**
     * Adds a metrics record.
     *
     * @param replaces whether it replaces the records from its sequence number on
     */
    void add(Boundary boundary, boolean replaces) {
        if (replaces) {
            boundaries.removeIf(earlier -> earlier.sequence() >= boundary.sequence());
        }
        startsLate |= boundaries.isEmpty() && boundary.sequence() > 0;
        boundaries.add(boundary);
    }

    /**
     * Returns whether the first record is not the first one of the model, so that the results
     * before it are not complete: they are of an earlier epoch, or removed.
     */
    boolean startsLate() {
        return startsLate;
    }

    /**
     * Adds a snapshot's provenance, unless it is newer than the newest metrics record.
     *
     * @return the metrics record with the same number of events, which then states them already;
     *     null if there is none
     */
    @Nullable Boundary addSnapshot(Boundary snapshot, boolean evenIfNewer) {
        int low = 0;
        int high = boundaries.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (snapshot.isAfter(boundaries.get(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low < boundaries.size() && !boundaries.get(low).isAfter(snapshot)) {
            return boundaries.get(low);
        }
        if (low < boundaries.size() || evenIfNewer) {
            boundaries.add(low, snapshot);
        }
        return null;
    }

    /** Removes the records after a snapshot. */
    void cutAfter(Boundary snapshot) {
        boundaries.removeIf(boundary -> boundary.isAfter(snapshot));
    }

    /** Removes every second record, but never the newest: ranges become twice as long. */
    void thin() {
        List<Boundary> kept = new ArrayList<>();
        for (int i = 0; i < boundaries.size(); i++) {
            if (i == boundaries.size() - 1 || i % 2 == 1) {
                kept.add(boundaries.get(i));
            }
        }
        boundaries.clear();
        boundaries.addAll(kept);
    }

    /** Completes the records; from now on events can be added. */
    void seal() {
        Set<TopicPartition> partitions = new HashSet<>();
        for (Boundary boundary : boundaries) {
            ranges.add(new RangeSums());
            partitions.addAll(boundary.partitions().keySet());
        }
        for (TopicPartition partition : partitions) {
            long[] lasts = new long[boundaries.size()];
            long last = -1;
            for (int i = 0; i < lasts.length; i++) {
                last = Math.max(last, boundaries.get(i).partition(partition).last());
                lasts[i] = last;
            }
            cursors.put(partition, new Cursor(partition, lasts));
        }
    }

    int size() {
        return boundaries.size();
    }

    Boundary boundary(int index) {
        return index < 0 ? Boundary.START : boundaries.get(index);
    }

    RangeSums range(int index) {
        return ranges.get(index);
    }

    Boundary last() {
        return boundary(boundaries.size() - 1);
    }

    EventSum afterTraining() {
        return afterTraining.sum();
    }

    LastUnlabelled lastUnlabelled() {
        return lastUnlabelled;
    }

    Set<TopicPartition> partitions() {
        return cursors.keySet();
    }

    /**
     * Adds an event of the input, or takes it away.
     *
     * @param sign 1 or -1
     * @return whether the newest record covers the event; otherwise it is not added
     */
    boolean addInput(TopicPartition partition, long offset, long hash, EventKind kind, int sign) {
        Cursor cursor = cursors.get(partition);
        if (cursor == null || cursor.moveTo(offset) == NOT_COVERED) {
            return false;
        }
        cursor.read.add(hash, sign);
        addLabel(cursor, offset, hash, kind, sign);
        return true;
    }

    private void addLabel(Cursor cursor, long offset, long hash, EventKind kind, int sign) {
        switch (kind) {
            case LABELLED -> {
                cursor.range.labelled().add(hash, sign);
                if (offset > cursor.lastTrained) {
                    afterTraining.add(hash, sign);
                }
            }
            case UNLABELLED -> {
                cursor.range.unlabelled().add(hash, sign);
                if (offset > cursor.lastTrained) {
                    lastUnlabelled.add(cursor.partition, hash, sign);
                }
            }
            case UNREADABLE -> {}
        }
    }

    /**
     * Adds a dead letter of this model.
     *
     * @param kind what the audit reads in its value
     * @param inInput whether the audit also reads its message in the input
     * @return whether the newest record covers it
     */
    boolean addDeadLetter(
            TopicPartition partition, long offset, long hash, EventKind kind, boolean inInput) {
        Cursor cursor = cursors.get(partition);
        if (cursor == null || cursor.moveTo(offset) == NOT_COVERED) {
            return false;
        }
        cursor.range.deadLetters().add(hash, 1);
        if (inInput) {
            addLabel(cursor, offset, hash, kind, -1);
        }
        return true;
    }

    /**
     * Adds a prediction of this model.
     *
     * @return whether the newest record covers it
     */
    boolean addPrediction(TopicPartition partition, long offset, long hash) {
        Cursor cursor = cursors.get(partition);
        if (cursor == null || cursor.moveTo(offset) == NOT_COVERED) {
            return false;
        }
        cursor.range.predictions().add(hash, 1);
        return true;
    }

    /** Place in one partition; successive events are mostly in the same range. */
    private final class Cursor {
        private final TopicPartition partition;
        private final long[] lasts;
        private final long lastTrained;
        private long from = Long.MAX_VALUE;
        private long to = -1;
        private RangeSums range = new RangeSums();
        private RunningSum read = new RunningSum();

        Cursor(TopicPartition partition, long[] lasts) {
            this.partition = partition;
            this.lasts = lasts;
            lastTrained = last().partition(partition).lastTrained();
        }

        /** Moves to the range of an offset; returns its index, or {@link #NOT_COVERED}. */
        int moveTo(long offset) {
            if (offset >= from && offset <= to) {
                return 0;
            }
            int low = 0;
            int high = lasts.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (lasts[middle] < offset) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            if (low == lasts.length) {
                return NOT_COVERED;
            }
            from = low == 0 ? 0 : lasts[low - 1] + 1;
            to = lasts[low];
            range = ranges.get(low);
            read = range.read(partition);
            return low;
        }
    }
}
