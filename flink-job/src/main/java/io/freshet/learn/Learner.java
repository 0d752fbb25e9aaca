package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.IgnoredReason;
import io.freshet.model.Evaluation;
import io.freshet.model.LearnerState;
import io.freshet.model.MiniBatch;
import io.freshet.model.ScalerType;
import io.freshet.model.SoftmaxLearner;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One model's test-then-train: cuts mini-batches by count out of whatever blocks arrive, steps, and
 * keeps the model's audit.
 *
 * <p>Labelled rows wait until their mini-batch is full; only then are they scored, trained on and
 * counted. Unlabelled rows are answered by the parameters in force at their place in the stream:
 * those after the last full mini-batch before them. So nothing here depends on how the stream was
 * cut into blocks. Knows no Flink and no clock. Not thread-safe.
 */
final class Learner implements AutoCloseable {
    private final String modelId;
    private final LearnConfig config;
    private final int numFeatures;
    private final int numClasses;

    private final Audit audit;
    private final Map<ExampleBlock.Source, Long> lastOffsets = new LinkedHashMap<>();
    private long timestamp = Progress.NO_TIMESTAMP;
    private long publishedVersion = -1;
    private boolean changed;

    // When, in processing time: kept for the operator, of no meaning to what is learnt.
    private long deadline = Long.MIN_VALUE;
    private long publishedAt = Long.MIN_VALUE / 2;

    // The open mini-batch, and where its rows come from.
    private @Nullable SoftmaxLearner model;
    private final MiniBatch miniBatch;
    private final long[] hashes;
    private final long[] offsets;
    private final long[] timestamps;
    private final ExampleBlock.Source[] sources;
    private @Nullable ExampleBlock restoredRows;

    // What the block at hand completed.
    private final Evaluation step;
    private int evaluated;
    private int[] labels = new int[0];
    private int[] predictedClasses = new int[0];
    private float[] losses = new float[0];
    private float[] weights = new float[0];

    // Unlabelled rows that wait for the parameters to change or the block to end.
    private int unanswered;
    private int[] unansweredRows = new int[0];
    private float[] unansweredFeatures = new float[0];
    private float[] probabilities = new float[0];

    /** A learner of a model that has seen nothing. */
    Learner(String modelId, LearnConfig config) {
        this(modelId, config, Audit.empty());
    }

    private Learner(String modelId, LearnConfig config, Audit audit) {
        this.modelId = modelId;
        this.config = config;
        this.audit = audit;
        numFeatures = config.learner().numFeatures();
        numClasses = config.learner().numClasses();
        int capacity = config.learner().miniBatchSize();
        miniBatch = new MiniBatch(capacity, numFeatures);
        hashes = new long[capacity];
        offsets = new long[capacity];
        timestamps = new long[capacity];
        sources = new ExampleBlock.Source[capacity];
        step = new Evaluation(capacity);
    }

    /**
     * A learner that goes on where another was saved.
     *
     * @param memory not modified
     * @param state its parameters, if it had any
     * @param rows its open mini-batch
     */
    static Learner restore(
            String modelId,
            LearnConfig config,
            LearnerMemory memory,
            @Nullable LearnerState state,
            @Nullable ExampleBlock rows) {
        if (!Arrays.asList(memory.classes()).equals(config.classes())) {
            throw new IllegalStateException(
                    "The state of model \""
                            + modelId
                            + "\" has the classes "
                            + Arrays.toString(memory.classes())
                            + ", the configuration "
                            + config.classes());
        }
        Learner learner = new Learner(modelId, config, memory.audit().copy());
        for (PartitionOffset last : memory.offsets()) {
            learner.lastOffsets.put(
                    new ExampleBlock.Source(last.topic(), last.partition()), last.offset());
        }
        learner.timestamp = memory.timestamp();
        learner.publishedVersion = memory.publishedVersion();
        if (state != null) {
            int expected = (learner.numFeatures + 1) * learner.numClasses;
            if (state.parameters().length != expected) {
                throw new IllegalStateException(
                        "The state of model \""
                                + modelId
                                + "\" has "
                                + state.parameters().length
                                + " parameters; the configuration asks for ("
                                + learner.numFeatures
                                + " features + 1) x "
                                + learner.numClasses
                                + " classes = "
                                + expected);
            }
            learner.model = new SoftmaxLearner(config.learner(), state);
        }
        learner.restoredRows = rows;
        return learner;
    }

    /**
     * Takes a block.
     *
     * @param block the next examples of this model, and events that became none. Not modified.
     * @param predictions takes the answers to the rows without a label, in their order
     * @return what was found about the examples whose mini-batches were completed
     */
    BlockEvaluation process(ExampleBlock block, Consumer<Prediction> predictions) {
        evaluated = 0;
        takeRestoredRows(predictions);
        audit.add(block.audit());
        takeRows(block, predictions);
        changed = true;
        return evaluation();
    }

    /** Closes the open mini-batch, however short. */
    BlockEvaluation closeMiniBatch(Consumer<Prediction> predictions) {
        evaluated = 0;
        takeRestoredRows(predictions);
        if (miniBatch.size() > 0) {
            step();
        }
        return evaluation();
    }

    /** Rows that were saved in an open mini-batch fill it again, or the smaller ones of today. */
    private void takeRestoredRows(Consumer<Prediction> predictions) {
        ExampleBlock rows = restoredRows;
        restoredRows = null;
        if (rows != null) {
            takeRows(rows, predictions);
        }
    }

    private void takeRows(ExampleBlock block, Consumer<Prediction> predictions) {
        for (int row = 0; row < block.size(); row++) {
            if (block.label(row) == ExampleBlock.UNLABELLED) {
                postpone(block, row);
            } else {
                int at = miniBatch.size();
                hashes[at] = block.hash(row);
                offsets[at] = block.offset(row);
                timestamps[at] = block.timestamp(row);
                sources[at] = block.source(row);
                miniBatch.add(
                        block.features(), row * numFeatures, block.label(row), block.weight(row));
                if (miniBatch.isFull()) {
                    answer(block, predictions);
                    step();
                }
            }
        }
        answer(block, predictions);
    }

    private void step() {
        int rows = miniBatch.size();
        model().step(miniBatch, step);
        if (step.stepTaken()) {
            keepEvaluation(rows);
            for (int i = 0; i < rows; i++) {
                audit.accept(hashes[i]);
                timestamp = Math.max(timestamp, timestamps[i]);
                if (i == rows - 1 || !sources[i].equals(sources[i + 1])) {
                    lastOffsets.merge(sources[i], offsets[i], Math::max);
                }
            }
        } else {
            for (int i = 0; i < rows; i++) {
                audit.ignore(hashes[i], IgnoredReason.NON_FINITE_STEP);
            }
        }
        miniBatch.clear();
        changed = true;
    }

    private void keepEvaluation(int rows) {
        int needed = evaluated + rows;
        if (labels.length < needed) {
            int capacity = Math.max(needed, 2 * labels.length);
            labels = Arrays.copyOf(labels, capacity);
            predictedClasses = Arrays.copyOf(predictedClasses, capacity);
            losses = Arrays.copyOf(losses, capacity);
            weights = Arrays.copyOf(weights, capacity);
        }
        System.arraycopy(miniBatch.labels(), 0, labels, evaluated, rows);
        System.arraycopy(miniBatch.weights(), 0, weights, evaluated, rows);
        System.arraycopy(step.losses(), 0, losses, evaluated, rows);
        System.arraycopy(step.predictedClasses(), 0, predictedClasses, evaluated, rows);
        evaluated = needed;
    }

    private void postpone(ExampleBlock block, int row) {
        if (unanswered == unansweredRows.length) {
            int capacity = Math.max(8, 2 * unanswered);
            unansweredRows = Arrays.copyOf(unansweredRows, capacity);
            unansweredFeatures = Arrays.copyOf(unansweredFeatures, capacity * numFeatures);
            probabilities = new float[capacity * numClasses];
        }
        unansweredRows[unanswered] = row;
        System.arraycopy(
                block.features(),
                row * numFeatures,
                unansweredFeatures,
                unanswered * numFeatures,
                numFeatures);
        unanswered++;
    }

    /** Answers the rows that waited, with the parameters in force. */
    private void answer(ExampleBlock block, Consumer<Prediction> predictions) {
        if (unanswered == 0) {
            return;
        }
        model().predict(unansweredFeatures, unanswered, probabilities);
        for (int i = 0; i < unanswered; i++) {
            int row = unansweredRows[i];
            float[] ofRow = Arrays.copyOfRange(probabilities, i * numClasses, (i + 1) * numClasses);
            ExampleBlock.Source source = block.source(row);
            if (!allFinite(ofRow)) {
                audit.ignore(block.hash(row), IgnoredReason.NON_FINITE_PREDICTION);
                continue;
            }
            audit.unlabelled(block.hash(row));
            predictions.accept(
                    new Prediction(
                            modelId,
                            block.id(row),
                            block.timestamp(row),
                            new PartitionOffset(
                                    source.topic(), source.partition(), block.offset(row)),
                            modelVersion(),
                            argmax(ofRow),
                            ofRow));
        }
        unanswered = 0;
    }

    private static boolean allFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private static int argmax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }

    /** The model, made when it is first needed: a model of dead letters only needs none. */
    private SoftmaxLearner model() {
        SoftmaxLearner made = model;
        if (made == null) {
            made = new SoftmaxLearner(config.learner(), LearnerState.initial(config.learner()));
            model = made;
        }
        return made;
    }

    private long modelVersion() {
        return model == null ? 0 : model.modelVersion();
    }

    private BlockEvaluation evaluation() {
        return new BlockEvaluation(
                modelId,
                Arrays.copyOf(labels, evaluated),
                Arrays.copyOf(predictedClasses, evaluated),
                Arrays.copyOf(losses, evaluated),
                Arrays.copyOf(weights, evaluated),
                progress());
    }

    private Progress progress() {
        double learningRate = config.learner().sgd().learningRate();
        return new Progress(
                modelVersion(),
                model == null ? 0 : model.skippedSteps(),
                timestamp,
                audit.copy(),
                lastOffsets(),
                learningRate,
                new Expert[] {new Expert("rate " + learningRate, learningRate, 1, 0)},
                0);
    }

    private PartitionOffset[] lastOffsets() {
        return lastOffsets.entrySet().stream()
                .map(
                        last ->
                                new PartitionOffset(
                                        last.getKey().topic(),
                                        last.getKey().partition(),
                                        last.getValue()))
                .toArray(PartitionOffset[]::new);
    }

    /** Whether rows wait in an open mini-batch. */
    boolean hasOpenMiniBatch() {
        return miniBatch.size() > 0 || restoredRows != null;
    }

    /** When the open mini-batch has waited long enough; past for a restored one. */
    long deadline() {
        return deadline;
    }

    void closeBy(long newDeadline) {
        deadline = newDeadline;
    }

    /** When the newest snapshot was published by this object. */
    long publishedAt() {
        return publishedAt;
    }

    void publishedAt(long now) {
        publishedAt = now;
    }

    /** Whether the parameters changed since they were last published. */
    boolean hasNewVersion() {
        return modelVersion() > Math.max(0, publishedVersion);
    }

    /** The parameters for others to use; notes that they are published. */
    ModelSnapshot publish() {
        LearnerState state = model().state();
        boolean scaled = config.learner().scaler() != ScalerType.NONE;
        double[] variance = new double[state.scalerSquaredDeviations().length];
        for (int i = 0; i < variance.length; i++) {
            variance[i] =
                    state.scalerCount() == 0
                            ? 0
                            : state.scalerSquaredDeviations()[i] / state.scalerCount();
        }
        publishedVersion = state.modelVersion();
        changed = true;
        return new ModelSnapshot(
                modelId,
                progress(),
                state.parameters(),
                state.scalerCount(),
                scaled ? state.scalerMean() : null,
                scaled ? variance : null,
                numClasses,
                "softmax");
    }

    /** Whether there is something to save since the last {@link #saved()}. */
    boolean changed() {
        return changed;
    }

    /** Notes that everything is in state. */
    void saved() {
        changed = false;
    }

    /** The parameters in new arrays; null if none were ever needed. */
    @Nullable LearnerState state() {
        return model == null ? null : model.state();
    }

    /**
     * Everything but the parameters and the open mini-batch, in new arrays.
     *
     * @param state what {@link #state()} gave
     */
    LearnerMemory memory(@Nullable LearnerState state) {
        return new LearnerMemory(
                config.classes().toArray(String[]::new),
                state == null ? 0 : state.parameters().length,
                state == null ? 0 : state.modelVersion(),
                publishedVersion,
                state == null ? 0 : state.skippedSteps(),
                timestamp,
                audit.copy(),
                lastOffsets(),
                state == null ? 0 : state.scalerCount(),
                state == null ? new double[0] : state.scalerMean(),
                state == null ? new double[0] : state.scalerSquaredDeviations());
    }

    /** The rows of the open mini-batch in a new block; null if there are none. */
    @Nullable ExampleBlock openRows() {
        if (restoredRows != null) {
            return restoredRows;
        }
        if (miniBatch.size() == 0) {
            return null;
        }
        ExampleBlock rows = new ExampleBlock(modelId, numFeatures);
        for (int i = 0; i < miniBatch.size(); i++) {
            rows.addLabelled(
                    miniBatch.features(),
                    i * numFeatures,
                    miniBatch.labels()[i],
                    miniBatch.weights()[i],
                    hashes[i],
                    sources[i],
                    offsets[i],
                    timestamps[i]);
        }
        return rows;
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
        }
    }
}
