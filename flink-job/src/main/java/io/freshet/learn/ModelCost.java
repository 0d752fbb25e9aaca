package io.freshet.learn;

import io.freshet.learn.drift.DriftEvidence;
import io.freshet.model.LearnerSettings;
import java.io.Serializable;
import java.util.Optional;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Estimate of the memory that one live model takes once its windows are full.
 *
 * <p>Added up from the configuration: what grows with features, classes, rates and windows, and the
 * objects around it, as they were counted in heap dumps. It is within a factor of two of what is
 * measured, which a test holds. A copy in state is not in it: with the hashmap state backend that
 * takes up to as much again, in the heap.
 *
 * @param heapBytes in the heap
 * @param nativeBytes outside the heap
 */
public record ModelCost(long heapBytes, long nativeBytes) implements Serializable {
    /** No memory. */
    public static final ModelCost NONE = new ModelCost(0, 0);

    /** Share of the heap that models may take: the rest is Flink's and Kafka's, and garbage. */
    private static final double SHARE_OF_HEAP = 0.75;

    /** Objects of a learner and its place in the operator. */
    private static final long LEARNER_OBJECTS = 4_500;

    /** ND4J's objects around an array, in the heap and outside. */
    private static final long ARRAY_OBJECTS = 1_300;

    private static final long ARRAY_HEADERS = 500;

    /** Rows of a block, beside those that wait. */
    private static final int ROWS_OF_A_BLOCK = 256;

    /** An origin and the columns of a row beside features and targets. */
    private static final int BYTES_PER_WAITING_ROW = 70;

    private static final int BYTES_PER_ROW = 16;

    private static final int KIBI = 1 << 10;
    private static final int MEBI = 1 << 20;

    /** Returns the cost of a model's learner and its drift detectors. */
    public static ModelCost of(LearnConfig config) {
        LearnerSettings learner = config.learner();
        long parameters = learner.numParameters();
        // The parameters and the last good ones; velocity; a mini-batch's gradient.
        int arrays = 3 + (learner.optimizer().stateNames().size());
        long heap =
                LEARNER_OBJECTS
                        + arrays * ARRAY_OBJECTS
                        + Float.BYTES * parameters
                        + 2L * Double.BYTES * learner.numFeatures()
                        + (long) BYTES_PER_ROW * learner.miniBatchSize();
        if (learner.mixture() != null) {
            heap +=
                    (long) Double.BYTES
                            * learner.numExperts()
                            * (learner.mixture().switchingRates().size() + 4);
            if (learner.mixture().baselines()) {
                heap += (long) Float.BYTES * learner.numClasses() * (learner.numClasses() + 1);
            }
        }
        if (learner.miniBatchSize() > 1) {
            heap +=
                    (long) (learner.miniBatchSize() + ROWS_OF_A_BLOCK)
                            * (Float.BYTES * (learner.numFeatures() + config.numTargets())
                                    + BYTES_PER_WAITING_ROW);
        }
        if (!config.drift().detectors().isEmpty()) {
            heap += (long) config.drift().evidence() * DriftEvidence.BYTES_PER_EXAMPLE;
        }
        return new ModelCost(heap, arrays * (learner.nativeBytesOfParameters() + ARRAY_HEADERS));
    }

    /** Returns the cost of both. */
    public ModelCost plus(ModelCost other) {
        return new ModelCost(heapBytes + other.heapBytes, nativeBytes + other.nativeBytes);
    }

    /**
     * Returns a warning where so many models do not fit into the memory of a process.
     *
     * @param maxModels {@code models.max}
     * @param subtasks that share the process
     * @param heapLimit most bytes of the heap
     * @param nativeLimit most bytes outside the heap, 0 for no limit
     */
    public Optional<String> shortage(
            int maxModels, int subtasks, long heapLimit, long nativeLimit) {
        long fittingHeap = (long) (SHARE_OF_HEAP * heapLimit / heapBytes) / subtasks;
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
                                + " of the heap, and of its "
                                + mebibytes(heapLimit)
                        : "a model takes up to "
                                + kibibytes(nativeBytes)
                                + " outside the heap, and of the "
                                + mebibytes(nativeLimit)
                                + " that -Dorg.bytedeco.javacpp.maxbytes allows";
        return Optional.of(
                LearnConfig.MODELS_MAX
                        + " = "
                        + maxModels
                        + " models do not fit into this process: "
                        + where
                        + (subtasks == 1 ? "" : ", shared by " + subtasks + " subtasks,")
                        + " there is room for about "
                        + Math.min(fittingHeap, fittingNative)
                        + " models a subtask. If so many are live at once, models are evicted"
                        + " earlier, and the job ends where that frees too little; "
                        + remedy());
    }

    /**
     * Refuses a configuration of which not even one model fits.
     *
     * @param heapLimit most bytes of the heap
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

    /** Returns what to say where the heap is full of models. */
    String heapIsFull(int liveModels, int maxModels, long heapLimit) {
        return "the heap of "
                + mebibytes(heapLimit)
                + " is full with "
                + liveModels
                + " live models ("
                + LearnConfig.MODELS_MAX
                + " = "
                + maxModels
                + ", up to "
                + kibibytes(heapBytes)
                + " each)";
    }

    /** Returns what to do about it. */
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
