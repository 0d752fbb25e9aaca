package io.freshet.classifier;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.Arrays;
import java.util.List;

/** Reader of what the snapshot of an ensemble has beside its linear models. */
final class EnsembleReader {
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
        checks.requireCount(snapshot.getLabels().size(), 0, "examples in the window");
        return read(snapshot, new float[0], new float[0], new int[0], 0);
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
        long endOfFerns =
                numLinearParameters()
                        + (long) numFerns * FernTests.CELLS * FernLogits.EXPERTS * numClasses;
        checks.requireCount(
                parameters.length, endOfFerns + (long) labels.length * dimensions, "parameters");
        return read(
                snapshot,
                Arrays.copyOfRange(parameters, (int) numLinearParameters(), (int) endOfFerns),
                Arrays.copyOfRange(parameters, (int) endOfFerns, parameters.length),
                labels,
                numFeatures);
    }

    /** Adds the small arrays to what the parameters have. */
    private EnsembleContent read(
            EnsembleSnapshot snapshot,
            float[] fernLogits,
            float[] examples,
            int[] labels,
            int numFeatureWeights)
            throws InvalidSnapshotException {
        int numLabelExperts = numExperts - numLinear - numFeatureExperts;
        return new EnsembleContent(
                fernLogits,
                examples,
                labels,
                checks.floats(
                        snapshot.getFeatureWeights(),
                        numFeatureWeights,
                        Float.MAX_VALUE,
                        "weights of the features"),
                checks.floats(
                        snapshot.getLabelPredictions(),
                        (long) numLabelExperts * numClasses,
                        1,
                        "predictions from labels"),
                checks.doubles(snapshot.getStack(), numExperts, "weights of the stack"),
                checks.doubles(snapshot.getCorrection(), numExperts, "weights of the correction"),
                checks.shares(
                        checks.doubles(
                                snapshot.getAnswers(),
                                Combination.ANSWERS,
                                "weights of the answers"),
                        "the answers"));
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
            if (classes[i] < 0 || classes[i] >= numClasses) {
                throw checks.invalid(
                        "an example in the window is of the class "
                                + classes[i]
                                + "; 0 to "
                                + (numClasses - 1)
                                + " are expected");
            }
        }
        return classes;
    }
}
