package io.freshet.local.driftbench;

import io.freshet.local.stream.LabelledStream;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Test-then-train run of the learner on a stream, without Flink and Kafka: records the loss and the
 * error of each labelled example before the model is trained on it. Examples without a label, and
 * those whose step was not finite, are left out.
 */
public final class TestThenTrain {
    private static final int BLOCK = 256;

    private final float[] losses;
    private final boolean[] errors;

    /** Index in the stream of each example that is not left out. */
    private final int[] positions;

    private int size;

    private TestThenTrain(long capacity) {
        this.losses = new float[Math.toIntExact(capacity)];
        this.errors = new boolean[losses.length];
        this.positions = new int[losses.length];
    }

    /**
     * Trains on a stream and returns the losses.
     *
     * @param drifts drifts of the stream, counted in all its examples; those of the result are
     *     counted in the losses
     */
    public static LossStream run(
            LabelledStream stream,
            LearnerSettings settings,
            String family,
            DriftKind kind,
            List<DriftPlan.Change> drifts) {
        TestThenTrain run = new TestThenTrain(stream.size());
        run.learn(stream, settings);
        return new LossStream(
                family,
                kind,
                Arrays.copyOf(run.losses, run.size),
                Arrays.copyOf(run.errors, run.size),
                drifts.stream().map(run::inLosses).toList());
    }

    /** Converts a change from positions in the stream to positions in the losses. */
    private DriftPlan.Change inLosses(DriftPlan.Change change) {
        int at = lossesBefore(change.at());
        return new DriftPlan.Change(at, lossesBefore(change.at() + change.width()) - at);
    }

    /** Returns the number of losses of examples before a position in the stream. */
    private int lossesBefore(int position) {
        int found = Arrays.binarySearch(positions, 0, size, position);
        return found < 0 ? -found - 1 : found;
    }

    private void learn(LabelledStream stream, LearnerSettings settings) {
        List<String> classes = stream.classes();
        Examples block = new Examples(settings.numFeatures());
        Evaluation evaluation = new Evaluation(settings.numClasses());
        List<Integer> blockPositions = new ArrayList<>();
        int position = 0;
        try (SoftmaxLearner learner = new SoftmaxLearner(settings, LearnerState.initial(settings));
                LabelledStream.Items<LabelledStream.Example> examples = stream.examples()) {
            while (examples.hasNext()) {
                LabelledStream.Example example = examples.next();
                if (example.label() != null) {
                    block.add(example.features(), 0, classes.indexOf(example.label()), 1);
                    blockPositions.add(position);
                }
                position++;
                if (block.size() >= BLOCK || !examples.hasNext()) {
                    learner.learn(block, !examples.hasNext(), evaluation);
                    keep(block, evaluation, blockPositions);
                    block.retainPending(evaluation);
                    blockPositions.subList(0, blockPositions.size() - block.size()).clear();
                }
            }
        }
    }

    private void keep(Examples block, Evaluation evaluation, List<Integer> blockPositions) {
        for (int i = 0; i < block.size(); i++) {
            if (evaluation.outcome(i) == Outcome.TRAINED) {
                losses[size] = evaluation.losses()[i];
                errors[size] = evaluation.predictedClasses()[i] != block.labels()[i];
                positions[size] = blockPositions.get(i);
                size++;
            }
        }
    }
}
