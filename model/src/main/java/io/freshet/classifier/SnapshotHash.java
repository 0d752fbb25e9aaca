package io.freshet.classifier;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 of the content of a snapshot, in the order in which it is added, little-endian: the
 * parameters, in a sparse model of each column, its scale and its parameters; the scaler's means,
 * variances and limits; the weights of the experts, if there are several; of an ensemble, the
 * features and thresholds of the tests, the classes of the window, the weights of the features, the
 * predictions from labels, the weights of the stack, the correction and the answers, and the small
 * values of its training.
 */
public final class SnapshotHash {
    private final MessageDigest sha256;

    /** Creates the hash of nothing. */
    public SnapshotHash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Returns the hash of everything but the weights of the experts and the small arrays of an
     * ensemble.
     */
    static SnapshotHash of(ModelContent content) {
        SnapshotHash hash = new SnapshotHash();
        if (content.isSparse()) {
            hash.addRows(content.columns(), content.scales(), content.parameters());
            return hash;
        }
        hash.add(content.parameters());
        EnsembleContent ensemble = content.ensemble();
        if (ensemble != null) {
            hash.add(ensemble.fernLogits());
            hash.add(ensemble.examples());
            TrainingContent training = ensemble.training();
            if (training != null) {
                hash.add(training.fernSums());
                hash.add(training.labelCounts());
            }
        }
        ModelContent.Scaler scaler = content.scaler();
        if (scaler != null) {
            hash.add(scaler.mean());
            hash.add(scaler.variance());
            hash.add(scaler.limit());
        }
        return hash;
    }

    /** Adds values as int32. */
    public void add(int[] values) {
        ByteBuffer bytes = littleEndian((long) values.length * Integer.BYTES);
        for (int value : values) {
            putFloat(bytes, Float.intBitsToFloat(value));
        }
        flush(bytes);
    }

    /** Adds values as float32. */
    public void add(float[] values) {
        ByteBuffer bytes = littleEndian((long) values.length * Float.BYTES);
        for (float value : values) {
            putFloat(bytes, value);
        }
        flush(bytes);
    }

    /** Adds values as float64. */
    public void add(double[] values) {
        ByteBuffer bytes = littleEndian((long) values.length * Double.BYTES);
        for (double value : values) {
            if (bytes.remaining() < Double.BYTES) {
                flush(bytes);
            }
            bytes.putDouble(value);
        }
        flush(bytes);
    }

    /** Adds a number of examples as int64. */
    public void add(long value) {
        flush(littleEndian(Long.BYTES).putLong(value));
    }

    /**
     * Adds the rows of a sparse model.
     *
     * @param columns (rows)
     * @param scales (rows), or empty
     * @param parameters (rows, parameters of a column)
     */
    public void addRows(int[] columns, float[] scales, float[] parameters) {
        int width = parameters.length / Math.max(1, columns.length);
        ByteBuffer bytes = littleEndian((long) parameters.length * Float.BYTES);
        for (int row = 0; row < columns.length; row++) {
            putFloat(bytes, Float.intBitsToFloat(columns[row]));
            if (scales.length > 0) {
                putFloat(bytes, scales[row]);
            }
            for (int c = 0; c < width; c++) {
                putFloat(bytes, parameters[row * width + c]);
            }
        }
        flush(bytes);
    }

    private void putFloat(ByteBuffer bytes, float value) {
        if (bytes.remaining() < Float.BYTES) {
            flush(bytes);
        }
        bytes.putFloat(value);
    }

    private void flush(ByteBuffer bytes) {
        sha256.update(bytes.flip());
        bytes.clear();
    }

    /** Returns the hash of what was added, in hexadecimal. */
    public String hexadecimal() {
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static ByteBuffer littleEndian(long bytes) {
        return ByteBuffer.allocate((int) Math.min(bytes + Double.BYTES, 1 << 16))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
