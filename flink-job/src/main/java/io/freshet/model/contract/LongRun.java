package io.freshet.model.contract;

import io.freshet.model.BlockWorkspaces;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Examples;
import io.freshet.model.scale.Standardization;
import java.util.Arrays;
import java.util.List;

/**
 * A check of an engine over a stream so long that errors which add up would show: a mixture of
 * three learning rates on scaled features, beside the plain loop in doubles.
 */
final class LongRun {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;
    private static final int RATES = 3;
    private static final int BLOCK = 256;

    /** The mixture remembers the losses of thousands of events, the rounding of each in float. */
    private static final double ALLOWED_OF_WEIGHTS = 1e-4;

    /** Examples that are held at a time, a number of blocks. */
    private static final int PIECE = 64 * BLOCK;

    private LongRun() {}

    /**
     * @param events number of events; rounded up to whole blocks
     */
    static ContractCheck check(long events) {
        LearnerSettings settings =
                LearnerChecks.ofShape(FEATURES, CLASSES, RATES, new Standardization());
        String name =
                String.format(
                        "%,d events of %d features, %d classes, %d rates",
                        events, FEATURES, CLASSES, RATES);
        return new ContractCheck(
                name, engine -> engine.learns(settings), engine -> run(engine, settings, events));
    }

    private static List<Deviation> run(Engine engine, LearnerSettings settings, long events) {
        PlainLoop plain = new PlainLoop(settings);
        ExampleStream stream = new ExampleStream(settings, 5);
        double difference = 0;
        double norm = 0;
        try (BlockWorkspaces workspaces =
                        new BlockWorkspaces(settings, false, engine.workspaces());
                SoftmaxLearner learner =
                        new SoftmaxLearner(workspaces, LearnerState.initial(settings))) {
            for (long done = 0; done < events; done += PIECE) {
                long left = (events - done + BLOCK - 1) / BLOCK * BLOCK;
                Examples piece = stream.take((int) Math.min(PIECE, left));
                double[] expected = plain.learn(piece).losses;
                plain.forgetLosses();
                double[] actual = RecordedEvaluation.byCalls(learner, piece, BLOCK).losses;
                for (int i = 0; i < expected.length; i++) {
                    difference += Math.pow(actual[i] - expected[i], 2);
                    norm += Math.pow(expected[i], 2);
                }
            }
            LearnerState state = learner.state();
            double[] weights = new double[plain.weights.length];
            for (int k = 0; k < weights.length; k++) {
                weights[k] = learner.weight(k);
            }
            double allowed = Deviations.TOLERANCE;
            return List.of(
                    new Deviation("losses", Math.sqrt(difference / norm), allowed),
                    Deviations.ofParameters(
                            "parameters but what all classes share",
                            settings,
                            withoutShared(state.parameters()),
                            withoutShared(plain.parameters),
                            allowed),
                    Deviations.of(
                            "weights of the mixture", weights, plain.weights, ALLOWED_OF_WEIGHTS),
                    Deviations.of("means", state.scaler().mean(), plain.mean, allowed),
                    Deviations.of(
                            "squared deviations",
                            state.scaler().squaredDeviations(),
                            plain.squaredDeviations,
                            allowed));
        }
    }

    /**
     * Subtracts from each parameter the mean over the classes. The mean has no effect on
     * probabilities, so that no step corrects it, and its rounding errors add up.
     *
     * @param parameters (rates, numFeatures + 1, numClasses), row-major
     */
    private static float[] withoutShared(float[] parameters) {
        float[] result = new float[parameters.length];
        for (int first = 0; first < result.length; first += CLASSES) {
            double sum = 0;
            for (int c = 0; c < CLASSES; c++) {
                sum += parameters[first + c];
            }
            for (int c = 0; c < CLASSES; c++) {
                result[first + c] = (float) (parameters[first + c] - sum / CLASSES);
            }
        }
        return result;
    }

    private static double[][][] withoutShared(double[][][] parameters) {
        return Arrays.stream(parameters)
                .map(rate -> Arrays.stream(rate).map(LongRun::withoutMean).toArray(double[][]::new))
                .toArray(double[][][]::new);
    }

    private static double[] withoutMean(double[] values) {
        double mean = Arrays.stream(values).average().orElse(0);
        return Arrays.stream(values).map(value -> value - mean).toArray();
    }
}
