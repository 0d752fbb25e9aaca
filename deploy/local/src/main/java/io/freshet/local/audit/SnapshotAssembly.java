package io.freshet.local.audit;

import io.freshet.ensemble.FernTests;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.EnsembleTraining;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.ScalerSnapshot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot that is put together from its chunks, with the hash of its content computed anew.
 *
 * <p>Chunks may come in any order; only those that come early are kept.
 */
final class SnapshotAssembly {
    /** Number of experts that have logits in each cell of a fern. */
    private static final int FERN_EXPERTS = 2;

    private final long modelVersion;
    private final MessageDigest sha256;
    private final Map<Integer, ModelSnapshotEvent> early = new HashMap<>();
    private @Nullable ModelSnapshotEvent first;
    private int next;
    private long parameters;

    /** Number of rows of a sparse model; 0 for a dense one. */
    private long rows;

    private int lastColumn = -1;
    private @Nullable String problem;

    SnapshotAssembly(long modelVersion) {
        this.modelVersion = modelVersion;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    long modelVersion() {
        return modelVersion;
    }

    /** Returns the first chunk, which also has what is not split; null before it has come. */
    @Nullable ModelSnapshotEvent first() {
        return first;
    }

    void add(ModelSnapshotEvent chunk) {
        if (chunk.getChunk() < next || early.put(chunk.getChunk(), chunk) != null) {
            note("chunk " + chunk.getChunk() + " is there twice");
            return;
        }
        for (ModelSnapshotEvent now = early.remove(next); now != null; now = early.remove(next)) {
            append(now);
            next++;
        }
    }

    private void append(ModelSnapshotEvent chunk) {
        if (next == 0) {
            first = chunk;
        } else if (first != null
                && (first.getChunks() != chunk.getChunks()
                        || !first.getContentHash().equals(chunk.getContentHash()))) {
            note("chunk " + next + " belongs to another content hash");
        }
        if (chunk.getParameterOffset() != parameters) {
            note(
                    "chunk "
                            + next
                            + " begins at parameter "
                            + chunk.getParameterOffset()
                            + " instead of "
                            + parameters);
        }
        List<Float> values = chunk.getParameters();
        if (chunk.getColumns().isEmpty()) {
            addFloats("a parameter", values);
        } else {
            addRows(chunk);
        }
        parameters += values.size();
    }

    /** Adds the rows of a sparse model: of each its column, its scale and its parameters. */
    private void addRows(ModelSnapshotEvent chunk) {
        List<Integer> columns = chunk.getColumns();
        List<Float> scales = chunk.getScales();
        int width = chunk.getParameters().size() / columns.size();
        if (width * columns.size() != chunk.getParameters().size()
                || (!scales.isEmpty() && scales.size() != columns.size())) {
            note("chunk " + next + " has another number of columns, scales or parameters");
            return;
        }
        for (int row = 0; row < columns.size(); row++) {
            int column = columns.get(row);
            if (column <= lastColumn || column > chunk.getNumFeatures()) {
                note("the column " + column + " follows the column " + lastColumn);
            }
            lastColumn = column;
            sha256.update(littleEndian(Integer.BYTES).putInt(column).flip());
            if (!scales.isEmpty()) {
                addFloats("a scale", scales.subList(row, row + 1));
            }
            addFloats("a parameter", chunk.getParameters().subList(row * width, (row + 1) * width));
        }
        rows += columns.size();
    }

    private void addFloats(String name, List<Float> values) {
        ByteBuffer bytes = littleEndian(values.size() * Float.BYTES);
        for (float value : values) {
            bytes.putFloat(value);
            noteIfNotFinite(name, value);
        }
        sha256.update(bytes.flip());
    }

    /** Returns whether all chunks have come. */
    boolean isComplete() {
        return first != null && next == first.getChunks();
    }

    /**
     * Returns the first problem; empty if there is none. All chunks must have come, and this must
     * be called only once.
     */
    Optional<String> finish() {
        ModelSnapshotEvent event = first;
        if (event == null) {
            throw new IllegalStateException("the first chunk has not come");
        }
        int outputs =
                event.getNumOutputs() == 0 ? event.getClasses().size() : event.getNumOutputs();
        long matrices =
                event.getExperts().isEmpty()
                        ? 1
                        : event.getExperts().stream()
                                .filter(expert -> expert.getLearningRate() != null)
                                .count();
        EnsembleSnapshot ensemble = event.getEnsemble();
        long expected =
                matrices * (rows == 0 ? event.getNumFeatures() + 1L : rows) * outputs
                        + (ensemble == null ? 0 : numParameters(ensemble, outputs));
        if (parameters != expected) {
            note(parameters + " parameters instead of " + expected);
        }
        ScalerSnapshot scaler = event.getScaler();
        if (scaler != null) {
            addAll("a mean of the scaler", scaler.getMean());
            addAll("a variance of the scaler", scaler.getVariance());
            addFloats("a limit of the scaler", scaler.getLimit());
            if (scaler.getMean().size() != event.getNumFeatures()
                    || scaler.getVariance().size() != event.getNumFeatures()
                    || (!scaler.getLimit().isEmpty()
                            && scaler.getLimit().size() != event.getNumFeatures())) {
                note("the scaler has another number of features");
            }
        }
        if (event.getExperts().size() > 1) {
            addAll(
                    "the weight of an expert",
                    event.getExperts().stream().map(Expert::getWeight).toList());
        }
        if (ensemble != null) {
            addEnsemble(ensemble);
        }
        String hash = HexFormat.of().formatHex(sha256.digest());
        if (!hash.equals(event.getContentHash())) {
            note("its content has the hash " + hash + ", not " + event.getContentHash());
        }
        return Optional.ofNullable(problem);
    }

    /** Returns the number of parameters that an ensemble has beside its linear models. */
    private static long numParameters(EnsembleSnapshot ensemble, int outputs) {
        EnsembleTraining training = ensemble.getTraining();
        return (long) ensemble.getFerns() * FernTests.CELLS * FERN_EXPERTS * outputs
                + (long) ensemble.getLabels().size() * ensemble.getDimensions()
                + (training == null ? 0 : training.getParameters());
    }

    /** Adds what an ensemble has beside its parameters. */
    private void addEnsemble(EnsembleSnapshot ensemble) {
        addInts(ensemble.getTestFeatures());
        addFloats("a threshold of a test", ensemble.getTestThresholds());
        addInts(ensemble.getLabels());
        addFloats("a weight of a feature", ensemble.getFeatureWeights());
        addFloats("a prediction from labels", ensemble.getLabelPredictions());
        addAll("a weight of the stack", ensemble.getStack());
        addAll("a weight of the correction", ensemble.getCorrection());
        addAll("a weight of an answer", ensemble.getAnswers());
        EnsembleTraining training = ensemble.getTraining();
        if (training != null) {
            addAll("a weight of the mixture", training.getMixture());
            addAll("a weight of an answer", training.getAnswers());
            addAll("a covariance of the stack", training.getStackCovariance());
            addAll("a covariance of the correction", training.getCorrectionCovariance());
            sha256.update(littleEndian(Long.BYTES).putLong(training.getExamples()).flip());
            sha256.update(littleEndian(Long.BYTES).putLong(training.getNextRefresh()).flip());
            addInts(List.of(training.getLastLabel()));
        }
    }

    private void addInts(List<Integer> values) {
        ByteBuffer bytes = littleEndian(values.size() * Integer.BYTES);
        values.forEach(bytes::putInt);
        sha256.update(bytes.flip());
    }

    private void addAll(String name, List<Double> values) {
        ByteBuffer bytes = littleEndian(values.size() * Double.BYTES);
        for (double value : values) {
            bytes.putDouble(value);
            noteIfNotFinite(name, value);
        }
        sha256.update(bytes.flip());
    }

    private void noteIfNotFinite(String name, double value) {
        if (!Double.isFinite(value)) {
            note(name + " is " + value);
        }
    }

    private void note(String found) {
        if (problem == null) {
            problem = found;
        }
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
