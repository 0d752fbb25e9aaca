package io.freshet.classifier;

import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The records of one snapshot, in any order, from which a {@link Classifier} is made once all of
 * them are there. Checks dimensions, finiteness and the content hash.
 */
final class SnapshotAssembly {
    private final ModelSnapshotEvent any;
    private final SnapshotChecks checks;
    private final int numChunks;

    /**
     * The records that are there, by index: as many as came, whatever number the first declares.
     */
    private final Map<Integer, ModelSnapshotEvent> chunks = new HashMap<>();

    /**
     * Begins with one of the records.
     *
     * @throws InvalidSnapshotException if it is none of a snapshot
     */
    SnapshotAssembly(ModelSnapshotEvent record) throws InvalidSnapshotException {
        any = record;
        checks = new SnapshotChecks(record);
        if (record.getChunks() < 1) {
            throw checks.invalid(
                    "it has " + record.getChunks() + " chunks; at least 1 is expected");
        }
        numChunks = record.getChunks();
        add(record);
    }

    /**
     * Adds a record of the same snapshot; one that is already there is ignored.
     *
     * @throws InvalidSnapshotException if the record does not belong to the snapshot
     */
    void add(ModelSnapshotEvent record) throws InvalidSnapshotException {
        if (record.getModelVersion() != any.getModelVersion()
                || record.getChunks() != numChunks
                || !record.getContentHash().equals(any.getContentHash())) {
            throw checks.invalid(
                    "a chunk is of version "
                            + record.getModelVersion()
                            + " with the hash "
                            + record.getContentHash()
                            + " and "
                            + record.getChunks()
                            + " chunks; the hash "
                            + any.getContentHash()
                            + " and "
                            + numChunks
                            + " chunks are expected");
        }
        int at = record.getChunk();
        if (at < 0 || at >= numChunks) {
            throw checks.invalid("it has the chunk " + at + " of " + numChunks);
        }
        chunks.putIfAbsent(at, record);
    }

    /** Returns whether all records are there. */
    boolean isComplete() {
        return chunks.size() == numChunks;
    }

    /** Returns the failure that the snapshot is if no further record comes. */
    InvalidSnapshotException incomplete() {
        int missing = 0;
        while (chunks.containsKey(missing)) {
            missing++;
        }
        return checks.invalid("chunk " + missing + " of " + numChunks + " is missing");
    }

    /**
     * Makes the classifier.
     *
     * @throws InvalidSnapshotException as {@link #content()}
     */
    Classifier classifier() throws InvalidSnapshotException {
        return content().classifier();
    }

    /**
     * Returns the content.
     *
     * @throws InvalidSnapshotException if a record is missing, or if the content is not that of the
     *     hash, not finite or of another size than it should be
     */
    ModelContent content() throws InvalidSnapshotException {
        if (!isComplete()) {
            throw incomplete();
        }
        ModelSnapshotEvent first = chunk(0);
        int numClasses = first.getClasses().size();
        int numOutputs = first.getNumOutputs() == 0 ? numClasses : first.getNumOutputs();
        if (first.getNumFeatures() < 1 || numClasses < 1) {
            throw checks.invalid(
                    "it has "
                            + first.getNumFeatures()
                            + " features and "
                            + numClasses
                            + " classes; at least one of each is expected");
        }
        boolean sigmoid = isSigmoid(first.getActivation());
        if (numOutputs != numClasses && !(sigmoid && numOutputs == 1 && numClasses == 2)) {
            throw checks.invalid(
                    "it has " + numOutputs + " outputs for " + numClasses + " classes");
        }
        ModelContent content = content(first, numOutputs, parameters());
        SnapshotHash hash = SnapshotHash.of(content);
        if (first.getExperts().size() > 1) {
            hash.add(first.getExperts().stream().mapToDouble(Expert::getWeight).toArray());
        }
        if (first.getEnsemble() != null && content.ensemble() != null) {
            add(first.getEnsemble(), content.ensemble(), hash);
        }
        String found = hash.hexadecimal();
        if (!found.equals(first.getContentHash())) {
            throw checks.invalid(
                    "its content has the hash "
                            + found
                            + "; "
                            + first.getContentHash()
                            + " is expected");
        }
        return content;
    }

    /** Adds the small arrays of an ensemble to the hash; those of the content are the same. */
    private static void add(EnsembleSnapshot ensemble, EnsembleContent content, SnapshotHash hash) {
        hash.add(content.testFeatures());
        hash.add(content.testThresholds());
        hash.add(content.labels());
        hash.add(content.featureWeights());
        hash.add(content.labelPredictions());
        hash.add(content.stack());
        hash.add(content.correction());
        hash.add(ensemble.getAnswers().stream().mapToDouble(value -> value).toArray());
        TrainingContent training = content.training();
        if (training != null) {
            hash.add(training.mixture());
            hash.add(training.answers());
            hash.add(training.stackCovariance());
            hash.add(training.correctionCovariance());
            hash.add(training.examples());
            hash.add(training.nextRefresh());
            hash.add(new int[] {training.lastLabel()});
        }
    }

    private ModelContent content(ModelSnapshotEvent first, int numOutputs, float[] parameters)
            throws InvalidSnapshotException {
        EnsembleSnapshot ensemble = first.getEnsemble();
        if (ensemble != null) {
            return ensemble(first, ensemble, parameters);
        }
        double[] weights = weights(first.getExperts());
        return isSparse()
                ? sparse(first, numOutputs, weights.length, weights, parameters, null)
                : dense(first, numOutputs, weights, parameters);
    }

    private ModelSnapshotEvent chunk(int index) {
        ModelSnapshotEvent chunk = chunks.get(index);
        if (chunk == null) {
            throw new IllegalStateException("chunk " + index + " has not been added");
        }
        return chunk;
    }

    private boolean isSigmoid(String activation) throws InvalidSnapshotException {
        if (!activation.equals(ModelContent.SOFTMAX) && !activation.equals(ModelContent.SIGMOID)) {
            throw checks.invalid(
                    "it has the activation "
                            + activation
                            + "; "
                            + ModelContent.SOFTMAX
                            + " or "
                            + ModelContent.SIGMOID
                            + " is expected");
        }
        return activation.equals(ModelContent.SIGMOID);
    }

    /** A sparse model has at least the column of the bias. */
    private boolean isSparse() {
        return !chunk(0).getColumns().isEmpty();
    }

    /**
     * Returns the weights of the experts that have parameters, (learning rates), which sum to 1.
     */
    private double[] weights(List<Expert> experts) throws InvalidSnapshotException {
        if (experts.isEmpty()) {
            return new double[] {1};
        }
        return checks.shares(
                experts.stream()
                        .filter(expert -> expert.getLearningRate() != null)
                        .mapToDouble(Expert::getWeight)
                        .toArray(),
                "the experts");
    }

    private float[] parameters() throws InvalidSnapshotException {
        long count = 0;
        for (int i = 0; i < numChunks; i++) {
            if (chunk(i).getParameterOffset() != count) {
                throw checks.invalid(
                        "chunk "
                                + i
                                + " begins at parameter "
                                + chunk(i).getParameterOffset()
                                + "; "
                                + count
                                + " is expected");
            }
            count += chunk(i).getParameters().size();
        }
        if (count > Integer.MAX_VALUE) {
            throw checks.invalid("it has " + count + " parameters; at most 2147483647 can be read");
        }
        float[] parameters = new float[(int) count];
        int at = 0;
        for (int i = 0; i < numChunks; i++) {
            at = checks.copy(chunk(i).getParameters(), parameters, at, "a parameter");
        }
        return parameters;
    }

    private ModelContent dense(
            ModelSnapshotEvent first, int numOutputs, double[] weights, float[] parameters)
            throws InvalidSnapshotException {
        checks.requireCount(
                parameters.length,
                (long) weights.length * (first.getNumFeatures() + 1L) * numOutputs,
                "parameters");
        return new ModelContent(
                info(first),
                first.getActivation(),
                numOutputs,
                learningRates(first.getExperts()),
                weights,
                parameters,
                scaler(first),
                new int[0],
                new float[0],
                0);
    }

    private ModelContent ensemble(
            ModelSnapshotEvent first, EnsembleSnapshot ensemble, float[] parameters)
            throws InvalidSnapshotException {
        if (isSigmoid(first.getActivation())) {
            throw checks.invalid(
                    "it is an ensemble with the activation "
                            + first.getActivation()
                            + "; "
                            + ModelContent.SOFTMAX
                            + " is expected");
        }
        EnsembleReader reader = new EnsembleReader(checks, first, isSparse());
        int numClasses = first.getClasses().size();
        double[] mixture =
                checks.shares(
                        first.getExperts().stream().mapToDouble(Expert::getWeight).toArray(),
                        "the experts");
        if (isSparse()) {
            return sparse(
                    first,
                    numClasses,
                    reader.numLinear(),
                    mixture,
                    parameters,
                    reader.readSparse(ensemble));
        }
        EnsembleContent others = reader.read(ensemble, parameters);
        return new ModelContent(
                info(first),
                first.getActivation(),
                numClasses,
                learningRates(first.getExperts()),
                mixture,
                Arrays.copyOf(parameters, (int) reader.numLinearParameters()),
                scaler(first),
                new int[0],
                new float[0],
                0,
                others);
    }

    private ModelContent.@Nullable Scaler scaler(ModelSnapshotEvent first)
            throws InvalidSnapshotException {
        ScalerSnapshot scaler = first.getScaler();
        if (scaler == null) {
            return null;
        }
        int numFeatures = first.getNumFeatures();
        double[] mean = checks.doubles(scaler.getMean(), numFeatures, "means of the scaler");
        double[] variance =
                checks.doubles(scaler.getVariance(), numFeatures, "variances of the scaler");
        float[] limit = new float[scaler.getLimit().size()];
        if (limit.length > 0) {
            checks.requireCount(limit.length, numFeatures, "limits of the scaler");
            checks.copy(scaler.getLimit(), limit, 0, "a limit of the scaler");
        }
        return new ModelContent.Scaler(scaler.getCount(), mean, variance, limit);
    }

    /** Returns the learning rates of the experts that have parameters; empty if not known. */
    private static double[] learningRates(List<Expert> experts) {
        return experts.stream()
                .map(Expert::getLearningRate)
                .filter(Objects::nonNull)
                .mapToDouble(rate -> rate)
                .toArray();
    }

    private ModelContent sparse(
            ModelSnapshotEvent first,
            int numOutputs,
            int numRates,
            double[] weights,
            float[] parameters,
            @Nullable EnsembleContent ensemble)
            throws InvalidSnapshotException {
        int rows = 0;
        int numScales = 0;
        for (int i = 0; i < numChunks; i++) {
            rows += chunk(i).getColumns().size();
            numScales += chunk(i).getScales().size();
        }
        checks.requireCount(parameters.length, (long) rows * numRates * numOutputs, "parameters");
        if (numScales > 0) {
            checks.requireCount(numScales, rows, "scales");
        }
        int[] columns = new int[rows];
        float[] scales = new float[numScales];
        int at = 0;
        int scaleAt = 0;
        for (int i = 0; i < numChunks; i++) {
            for (int column : chunk(i).getColumns()) {
                int last = at == 0 ? -1 : columns[at - 1];
                if (column <= last || column > first.getNumFeatures()) {
                    throw checks.invalid(
                            "the column "
                                    + column
                                    + " follows the column "
                                    + last
                                    + "; ascending columns up to "
                                    + first.getNumFeatures()
                                    + " are expected");
                }
                columns[at++] = column;
            }
            scaleAt = checks.copy(chunk(i).getScales(), scales, scaleAt, "a scale");
        }
        return new ModelContent(
                info(first),
                first.getActivation(),
                numOutputs,
                learningRates(first.getExperts()),
                weights,
                parameters,
                null,
                columns,
                scales,
                first.getScaleLimit(),
                ensemble);
    }

    private static ModelInfo info(ModelSnapshotEvent first) {
        Provenance provenance = first.getProvenance();
        return new ModelInfo(
                first.getModelId(),
                first.getModelVersion(),
                first.getContentHash(),
                first.getTimestamp(),
                provenance == null ? 0 : provenance.getExamplesSeen(),
                first.getJob(),
                first.getEpoch(),
                first.getNumFeatures(),
                first.getClasses(),
                provenance == null ? Map.of() : provenance.getHyperParameters());
    }
}
