package io.freshet.classifier;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.EnsembleTraining;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reader of what the snapshot of an ensemble has beside its linear models. */
final class EnsembleReader {
    /** Largest number of examples between two computations of the weights of the features. */
    private static final int MAX_TO_REFRESH = 32;

    /** Largest weight in a mixture: 1, with room for rounding. */
    private static final double MAX_WEIGHT = 1 + 1e-6;

    private final SnapshotChecks checks;
    private final int numFeatures;
    private final int numClasses;
    private final int numExperts;
    private final int numLinear;

    /** Number of experts that see the values of dense features. */
    private final int numFeatureExperts;

    /**
     * @param first first record of the snapshot
     * @param isSparse whether the linear models are sparse
     * @throws InvalidSnapshotException if its experts are not those of an ensemble
     */
    EnsembleReader(SnapshotChecks checks, ModelSnapshotEvent first, boolean isSparse)
            throws InvalidSnapshotException {
        this.checks = checks;
        numFeatureExperts = isSparse ? 0 : FernLogits.EXPERTS + ExampleWindow.EXPERTS;
        numFeatures = first.getNumFeatures();
        numClasses = first.getClasses().size();
        List<Expert> experts = first.getExperts();
        numExperts = experts.size();
        int leading = 0;
        while (leading < numExperts && experts.get(leading).getLearningRate() != null) {
            leading++;
        }
        numLinear = leading;
        for (Expert expert : experts.subList(leading, numExperts)) {
            if (expert.getLearningRate() != null) {
                throw checks.invalid(
                        "the expert \""
                                + expert.getName()
                                + "\" has a learning rate, but follows one without");
            }
        }
        int others = numExperts - leading;
        int withLabels = numFeatureExperts + EnsemblePredictor.LABEL_EXPERTS;
        if (leading == 0 || (others != numFeatureExperts && others != withLabels)) {
            throw checks.invalid(
                    "it has "
                            + leading
                            + " experts with a learning rate and "
                            + others
                            + " without; at least 1 and "
                            + numFeatureExperts
                            + " or "
                            + withLabels
                            + " are expected of an ensemble");
        }
    }

    /** Returns the number of linear models. */
    int numLinear() {
        return numLinear;
    }

    /** Returns the number of parameters of dense linear models. */
    long numLinearParameters() {
        return numLinear * (numFeatures + 1L) * numClasses;
    }

    /**
     * Reads the content of an ensemble of sparse features, which has neither ferns nor a window.
     *
     * @throws InvalidSnapshotException as {@link #read}
     */
    EnsembleContent readSparse(EnsembleSnapshot snapshot) throws InvalidSnapshotException {
        checks.requireCount(snapshot.getFerns(), 0, "ferns");
        checks.requireCount(snapshot.getDimensions(), 0, "dimensions of the window");
        checks.requireCount(snapshot.getTestFeatures().size(), 0, "features of tests");
        checks.requireCount(snapshot.getTestThresholds().size(), 0, "thresholds of tests");
        checks.requireCount(snapshot.getLabels().size(), 0, "examples in the window");
        return read(snapshot, new float[0], new float[0], new int[0], 0, null);
    }

    /**
     * Reads the content of an ensemble of dense features.
     *
     * @param parameters all parameters of the snapshot. Not modified.
     * @throws InvalidSnapshotException if something is of another size than it should be, or out of
     *     its range
     */
    EnsembleContent read(EnsembleSnapshot snapshot, float[] parameters)
            throws InvalidSnapshotException {
        int numFerns = FernTests.numFerns(numClasses);
        int dimensions = Projection.dimensions(numFeatures);
        checks.requireCount(snapshot.getFerns(), numFerns, "ferns");
        checks.requireCount(snapshot.getDimensions(), dimensions, "dimensions of the window");
        int[] labels = labels(snapshot.getLabels());
        long numSums = (long) numFerns * FernTests.CELLS * FernLogits.EXPERTS;
        long endOfFerns = numLinearParameters() + numSums * numClasses;
        long endOfWindow = endOfFerns + (long) labels.length * dimensions;
        EnsembleTraining training = snapshot.getTraining();
        checks.requireCount(
                parameters.length,
                endOfWindow + (training == null ? 0 : training.getParameters()),
                "parameters");
        return read(
                snapshot,
                Arrays.copyOfRange(parameters, (int) numLinearParameters(), (int) endOfFerns),
                Arrays.copyOfRange(parameters, (int) endOfFerns, (int) endOfWindow),
                labels,
                numFeatures,
                training == null
                        ? null
                        : training(
                                training,
                                labels.length,
                                Arrays.copyOfRange(
                                        parameters, (int) endOfWindow, parameters.length),
                                (int) numSums));
    }

    /** Adds the small arrays to what the parameters have. */
    private EnsembleContent read(
            EnsembleSnapshot snapshot,
            float[] fernLogits,
            float[] examples,
            int[] labels,
            int numFeatureWeights,
            @Nullable TrainingContent training)
            throws InvalidSnapshotException {
        int[] testFeatures = testFeatures(snapshot.getTestFeatures());
        return new EnsembleContent(
                fernLogits,
                testFeatures,
                thresholds(snapshot.getTestThresholds(), testFeatures.length),
                examples,
                labels,
                checks.floats(
                        snapshot.getFeatureWeights(),
                        numFeatureWeights,
                        Float.MAX_VALUE,
                        "weights of the features"),
                checks.floats(
                        snapshot.getLabelPredictions(),
                        (long) numLabelExperts() * numClasses,
                        1,
                        "predictions from labels"),
                checks.doubles(snapshot.getStack(), numExperts, "weights of the stack"),
                checks.doubles(snapshot.getCorrection(), numExperts, "weights of the correction"),
                checks.shares(
                        checks.doubles(
                                snapshot.getAnswers(),
                                Combination.ANSWERS,
                                "weights of the answers"),
                        "the answers"),
                training);
    }

    private int numLabelExperts() {
        return numExperts - numLinear - numFeatureExperts;
    }

    private TrainingContent training(
            EnsembleTraining training, int window, float[] parameters, int numSums)
            throws InvalidSnapshotException {
        long numCounts =
                numLabelExperts() == 0
                        ? 0
                        : (numClasses + EnsemblePredictor.LABEL_EXPERTS - 1L) * numClasses;
        checks.requireCount(parameters.length, numSums + numCounts, "parameters of training");
        for (int i = 0; i < numSums; i++) {
            if (parameters[i] <= 0) {
                throw checks.invalid("a sum of squared gradients is " + parameters[i]);
            }
        }
        requireCounts(parameters, numSums);
        long examples = training.getExamples();
        long nextRefresh = training.getNextRefresh();
        checks.requireCount(
                window, Math.min(examples, WindowDistances.WINDOW), "examples in the window");
        if (nextRefresh < 1 || nextRefresh > examples + MAX_TO_REFRESH) {
            throw checks.invalid(
                    "the weights of the features are due at "
                            + nextRefresh
                            + " examples; 1 to "
                            + (examples + MAX_TO_REFRESH)
                            + " are expected");
        }
        requireClass(training.getLastLabel(), "the newest example");
        return new TrainingContent(
                Arrays.copyOf(parameters, numSums),
                Arrays.copyOfRange(parameters, numSums, parameters.length),
                examples,
                nextRefresh,
                training.getLastLabel(),
                weights(training.getMixture(), numExperts, "mixture"),
                weights(training.getAnswers(), Combination.ANSWERS, "mixture of the answers"),
                checks.doubles(
                        training.getStackCovariance(),
                        numExperts * numExperts,
                        "covariances of the stack"),
                checks.doubles(
                        training.getCorrectionCovariance(),
                        numExperts * numExperts,
                        "covariances of the correction"));
    }

    private void requireCounts(float[] parameters, int from) throws InvalidSnapshotException {
        for (int row = from; row < parameters.length; row += numClasses) {
            double sum = 0;
            for (int c = 0; c < numClasses; c++) {
                if (parameters[row + c] < 0) {
                    throw checks.invalid("a count of labels is " + parameters[row + c]);
                }
                sum += parameters[row + c];
            }
            if (sum == 0) {
                throw checks.invalid("the counts of labels of one kind are all 0");
            }
        }
    }

    /** Returns weights of members under any number of switching rates, then those of the rates. */
    private double[] weights(List<Double> values, int members, String mixture)
            throws InvalidSnapshotException {
        int rates = Math.max(1, values.size() / (members + 1));
        double[] weights =
                checks.doubles(values, rates * (members + 1), "weights of the " + mixture);
        for (double weight : weights) {
            if (weight <= 0 || weight > MAX_WEIGHT) {
                throw checks.invalid("one of the weights of the " + mixture + " is " + weight);
            }
        }
        return weights;
    }

    private int[] testFeatures(List<Integer> values) throws InvalidSnapshotException {
        if (!values.isEmpty()) {
            checks.requireCount(
                    values.size(),
                    (long) FernTests.numFerns(numClasses) * FernTests.TESTS,
                    "features of tests");
        }
        int[] features = values.stream().mapToInt(Integer::intValue).toArray();
        for (int feature : features) {
            if (feature < 0 || feature >= numFeatures) {
                throw checks.invalid(
                        "a test is of the feature "
                                + feature
                                + "; 0 to "
                                + (numFeatures - 1)
                                + " are expected");
            }
        }
        return features;
    }

    private float[] thresholds(List<Float> values, int numTests) throws InvalidSnapshotException {
        float[] thresholds = new float[values.size()];
        checks.requireCount(thresholds.length, numTests, "thresholds of tests");
        checks.copy(values, thresholds, 0, "a threshold of a test");
        return thresholds;
    }

    private int[] labels(List<Integer> labels) throws InvalidSnapshotException {
        if (labels.size() > WindowDistances.WINDOW) {
            throw checks.invalid(
                    "it has "
                            + labels.size()
                            + " examples in the window; at most "
                            + WindowDistances.WINDOW
                            + " are expected");
        }
        int[] classes = new int[labels.size()];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels.get(i);
            requireClass(classes[i], "an example in the window");
        }
        return classes;
    }

    private void requireClass(int label, String what) throws InvalidSnapshotException {
        if (label < 0 || label >= numClasses) {
            throw checks.invalid(
                    what
                            + " is of the class "
                            + label
                            + "; 0 to "
                            + (numClasses - 1)
                            + " are expected");
        }
    }
}
