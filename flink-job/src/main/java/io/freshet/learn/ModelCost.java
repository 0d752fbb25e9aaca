package io.freshet.learn;

import io.freshet.learn.drift.DriftEvidence;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.model.LearnerSettings;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.sparse.RowLayout;
import io.freshet.model.sparse.SparseTable;
import java.io.Serializable;
import java.util.Optional;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Estimate of the memory that one model takes once its windows are full.
 *
 * <p>It is computed from the configuration: arrays that grow with features, classes, learning rates
 * and windows, and the objects around them, as counted in heap dumps. A test ensures that it is
 * within a factor of two of the measured size. The copy in Flink's state is not included: with the
 * hashmap state backend it takes up to as much again, in the heap.
 *
 * @param heapBytes number of bytes in the heap
 * @param nativeBytes number of bytes outside the heap
 */
public record ModelCost(long heapBytes, long nativeBytes) implements Serializable {
    /** No memory. */
    public static final ModelCost NONE = new ModelCost(0, 0);

    /** Fraction of the heap for models; the rest is for Flink, Kafka and garbage. */
    private static final double HEAP_FRACTION = 0.75;

    /** Heap bytes of a learner's objects and its entry in the operator. */
    private static final long LEARNER_OBJECTS = 4_500;

    /** Heap bytes of ND4J's objects around an array. */
    private static final long ARRAY_OBJECTS = 1_300;

    /** Native bytes of ND4J's objects around an array. */
    private static final long ARRAY_HEADERS = 500;

    /** Examples of a block, in addition to the pending ones. */
    private static final int BLOCK_ROWS = 256;

    /** Heap bytes of a pending example's origin and of its columns except features and targets. */
    private static final int BYTES_PER_PENDING_ROW = 70;

    /** Heap bytes of a pending example's features, of which a sparse one has few. */
    private static final int BYTES_PER_SPARSE_ROW = 800;

    /** Heap bytes per feature of the scaler's moments and of what it knows about outliers. */
    private static final int BYTES_PER_FEATURE = 4 * Double.BYTES + Integer.BYTES;

    /** Heap bytes per example of a mini-batch. */
    private static final int BYTES_PER_ROW = 16;

    private static final int KIBI = 1 << 10;
    private static final int MEBI = 1 << 20;

    /** Returns the cost of a model's learner and its drift detection. */
    public static ModelCost of(LearnConfig config) {
        LearnerSettings learner = config.learner();
        return learner.isSparse() ? sparse(config) : dense(config);
    }

    /** Returns the cost of a sparse model, of which every column has occurred. */
    private static ModelCost sparse(LearnConfig config) {
        LearnerSettings learner = config.learner();
        RowLayout layout = learner.rowLayout();
        long columns = learner.numFeatures() + 1L;
        // The learner and its successor after a warning.
        int learners = config.drift().reaction() == DriftReaction.HAND_OVER ? 2 : 1;
        // The table; of each the last good rows and those that are in Flink's state, if all have
        // changed; a snapshot.
        long heap =
                LEARNER_OBJECTS
                        + learners * SparseTable.bytes(layout, columns)
                        + (2 * learners + 1) * columns * (layout.width() + 1L) * Float.BYTES
                        + (long) BYTES_PER_ROW * learner.miniBatchSize()
                        + others(config);
        if (learner.miniBatchSize() > 1 || config.blocksByCount()) {
            heap +=
                    (long) (learner.miniBatchSize() + BLOCK_ROWS)
                            * (Float.BYTES * config.numTargets()
                                    + BYTES_PER_PENDING_ROW
                                    + BYTES_PER_SPARSE_ROW);
        }
        return new ModelCost(heap, 0);
    }

    private static ModelCost dense(LearnConfig config) {
        LearnerSettings learner = config.learner();
        long parameters = learner.numParameters();
        // Parameters, last good parameters, gradient of a mini-batch; the optimiser's arrays.
        int arrays = 3 + learner.optimizer().stateNames().size();
        long heap =
                LEARNER_OBJECTS
                        + arrays * ARRAY_OBJECTS
                        + Float.BYTES * parameters
                        + (long) BYTES_PER_FEATURE * learner.numFeatures()
                        + (long) BYTES_PER_ROW * learner.miniBatchSize()
                        + others(config);
        if (learner.miniBatchSize() > 1 || config.blocksByCount()) {
            heap +=
                    (long) (learner.miniBatchSize() + BLOCK_ROWS)
                            * (Float.BYTES * (learner.numFeatures() + config.numTargets())
                                    + BYTES_PER_PENDING_ROW);
        }
        return new ModelCost(heap, arrays * (learner.nativeBytesOfParameters() + ARRAY_HEADERS));
    }

    /** Returns the heap bytes of a model's mixture and of its drift detection. */
    private static long others(LearnConfig config) {
        LearnerSettings learner = config.learner();
        long heap = 0;
        if (learner.mixture() != null) {
            heap +=
                    (long) Double.BYTES
                            * learner.numExperts()
                            * (learner.mixture().switchingRates().size() + 4);
            if (learner.mixture().baselines()) {
                heap += (long) Float.BYTES * learner.numClasses() * (learner.numClasses() + 1);
            }
        }
        EnsembleRule rule = learner.ensemble();
        if (rule != null) {
            // The ensemble, its last good state, and one that is saved or published.
            heap += 3 * Ensemble.bytes(rule, learner.numFeatures(), learner.numClasses());
            // The rows of a mini-batch, which the models of a subtask share; few beside the ferns
            // unless mini-batches are large.
            heap +=
                    Ensemble.bytesOfRows(
                            rule,
                            learner.numFeatures(),
                            learner.numClasses(),
                            learner.numRates(),
                            learner.miniBatchSize());
        }
        if (!config.drift().detectors().isEmpty()) {
            heap += (long) config.drift().evidence() * DriftEvidence.BYTES_PER_EXAMPLE;
        }
        return heap;
    }

    /** Returns a problem if a model can take more than a limit. */
    public Optional<String> excess(long maxBytes) {
        long bytes = heapBytes + nativeBytes;
        return bytes <= maxBytes
                ? Optional.empty()
                : Optional.of(
                        "a model can take up to "
                                + mebibytes(bytes)
                                + ", more than the "
                                + mebibytes(maxBytes)
                                + " of "
                                + LearnConfig.MODELS_MAX_BYTES);
    }

    /** Returns the sum of two costs. */
    public ModelCost plus(ModelCost other) {
        return new ModelCost(heapBytes + other.heapBytes, nativeBytes + other.nativeBytes);
    }

    /**
     * Returns a warning if the configured number of models does not fit into a process.
     *
     * @param maxModels {@code models.max}
     * @param subtasks number of subtasks that share the process
     * @param heapLimit maximum size of the heap, in bytes
     * @param nativeLimit memory that the process may take in addition to the heap, in bytes; 0 for
     *     no limit
     */
    public Optional<String> shortage(
            int maxModels, int subtasks, long heapLimit, long nativeLimit) {
        long fittingHeap = (long) (HEAP_FRACTION * heapLimit / heapBytes) / subtasks;
        long fittingNative =
                nativeLimit == 0 || nativeBytes == 0
                        ? Long.MAX_VALUE
                        : nativeLimit / nativeBytes / subtasks;
        if (maxModels <= Math.min(fittingHeap, fittingNative)) {
            return Optional.empty();
        }
        String where =
                fittingHeap <= fittingNative
                        ? "a model takes up to "
                                + kibibytes(heapBytes)
                                + " of the heap; in its "
                                + mebibytes(heapLimit)
                        : "a model takes up to "
                                + kibibytes(nativeBytes)
                                + " outside the heap; in the "
                                + mebibytes(nativeLimit)
                                + " that -Dorg.bytedeco.javacpp.maxphysicalbytes leaves beside the"
                                + " heap";
        return Optional.of(
                LearnConfig.MODELS_MAX
                        + " = "
                        + maxModels
                        + " models do not fit into this process: "
                        + where
                        + (subtasks == 1 ? "" : ", shared by " + subtasks + " subtasks,")
                        + " there is room for about "
                        + Math.min(fittingHeap, fittingNative)
                        + " models per subtask. If that many are in memory at once, models are"
                        + " evicted earlier, and the job fails if that frees too little; "
                        + remedy());
    }

    /**
     * Throws if not even one model fits into the heap.
     *
     * @param heapLimit maximum size of the heap, in bytes
     * @throws SuppressRestartsException since restarting would not help
     */
    void requireRoomForOne(long heapLimit) {
        if (heapBytes > heapLimit) {
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            "one model takes up to "
                                    + kibibytes(heapBytes)
                                    + " of the heap, which has "
                                    + mebibytes(heapLimit)
                                    + ": give the process more heap, or the models fewer features,"
                                    + " classes or rates, or smaller windows"));
        }
    }

    /** Returns the message for a heap that is full of models. */
    String heapIsFull(int liveModels, int maxModels, long heapLimit) {
        return "the heap of "
                + mebibytes(heapLimit)
                + " is full with "
                + liveModels
                + " models in memory ("
                + LearnConfig.MODELS_MAX
                + " = "
                + maxModels
                + ", up to "
                + kibibytes(heapBytes)
                + " each)";
    }

    /** Returns advice on reducing the memory taken by models. */
    static String remedy() {
        return "lower "
                + LearnConfig.MODELS_MAX
                + ", give the process more heap, keep state out of it (flink.state.backend.type ="
                + " rocksdb), or raise job.parallelism over more processes";
    }

    private static String kibibytes(long bytes) {
        return Math.max(1, bytes / KIBI) + " KiB";
    }

    private static String mebibytes(long bytes) {
        return bytes / MEBI + " MiB";
    }
}
