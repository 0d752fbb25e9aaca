package io.freshet.publish;

import io.freshet.learn.Expert;
import io.freshet.learn.ModelSnapshot;
import io.freshet.model.sparse.SparseParameters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * SHA-256 of what a snapshot predicts with: the parameters, in a sparse model of each column, its
 * scale and its parameters; the scaler's moments and limits; for a mixture, the weights of the
 * experts. All are little-endian and in this order.
 */
final class SnapshotHash {
    private final MessageDigest sha256;

    private SnapshotHash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Returns the hash of a snapshot, in hexadecimal. */
    static String of(ModelSnapshot snapshot) {
        SnapshotHash hash = new SnapshotHash();
        if (snapshot.sparse() == null) {
            hash.add(snapshot.parameters());
        } else {
            hash.add(snapshot.sparse());
        }
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        float[] limit = snapshot.scalerLimit();
        if (mean != null && variance != null && limit != null) {
            hash.add(mean);
            hash.add(variance);
            hash.add(limit);
        }
        Expert[] experts = snapshot.progress().experts();
        if (experts.length > 1) {
            hash.add(Arrays.stream(experts).mapToDouble(Expert::weight).toArray());
        }
        return HexFormat.of().formatHex(hash.sha256.digest());
    }

    private void add(SparseParameters sparse) {
        int columns = sparse.columns().length;
        boolean scaled = sparse.scales().length > 0;
        int width = columns == 0 ? 0 : sparse.parameters().length / columns;
        ByteBuffer bytes = littleEndian((width + 2) * Float.BYTES);
        for (int i = 0; i < columns; i++) {
            bytes.clear();
            bytes.putInt(sparse.columns()[i]);
            if (scaled) {
                bytes.putFloat(sparse.scales()[i]);
            }
            for (int c = 0; c < width; c++) {
                bytes.putFloat(sparse.parameters()[i * width + c]);
            }
            sha256.update(bytes.flip());
        }
    }

    private void add(float[] values) {
        ByteBuffer bytes = littleEndian(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        sha256.update(bytes);
    }

    private void add(double[] values) {
        ByteBuffer bytes = littleEndian(values.length * Double.BYTES);
        bytes.asDoubleBuffer().put(values);
        sha256.update(bytes);
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
