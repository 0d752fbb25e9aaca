package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotAssemblyTest {
    private static final int FEATURES = 1000;
    private static final int OUTPUTS = 2;

    /** Returns a sparse snapshot of rows of the columns 0, 5, 10, …, with three in a chunk. */
    private static List<ModelSnapshotEvent> sparse(int rows) throws NoSuchAlgorithmException {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        for (int row = 0; row < rows; row++) {
            ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(5 * row).putFloat(0.5f + row).putFloat(row).putFloat(-row);
            sha256.update(bytes.array());
        }
        String hash = HexFormat.of().formatHex(sha256.digest());
        List<ModelSnapshotEvent> chunks = new ArrayList<>();
        for (int from = 0; from < rows; from += 3) {
            List<Integer> columns = new ArrayList<>();
            List<Float> scales = new ArrayList<>();
            List<Float> parameters = new ArrayList<>();
            for (int row = from; row < Math.min(from + 3, rows); row++) {
                columns.add(5 * row);
                scales.add(0.5f + row);
                parameters.add((float) row);
                parameters.add((float) -row);
            }
            chunks.add(
                    ModelSnapshotEvent.newBuilder()
                            .setModelId("m")
                            .setModelVersion(7)
                            .setTimestamp(null)
                            .setChunk(chunks.size())
                            .setChunks((rows + 2) / 3)
                            .setContentHash(hash)
                            .setNumFeatures(FEATURES)
                            .setClasses(List.of("no", "yes"))
                            .setParameterOffset(from * OUTPUTS)
                            .setParameters(parameters)
                            .setScaler(null)
                            .setProvenance(null)
                            .setColumns(columns)
                            .setScales(scales)
                            .build());
        }
        return chunks;
    }

    private static SnapshotAssembly assembled(List<ModelSnapshotEvent> chunks) {
        SnapshotAssembly assembly = new SnapshotAssembly(7);
        chunks.forEach(assembly::add);
        assertThat(assembly.isComplete()).isTrue();
        return assembly;
    }

    @Test
    void sparseSnapshot_isComplete_whateverTheOrderOfItsChunks() throws NoSuchAlgorithmException {
        List<ModelSnapshotEvent> chunks = sparse(8);
        assertThat(assembled(chunks).finish()).isEmpty();
        Collections.reverse(chunks);
        assertThat(assembled(chunks).finish()).isEmpty();
    }

    @Test
    void changedPart_isFound() throws NoSuchAlgorithmException {
        List<ModelSnapshotEvent> otherScale = sparse(8);
        otherScale.get(1).getScales().set(0, 9f);
        assertThat(assembled(otherScale).finish().orElseThrow()).startsWith("its content has");

        List<ModelSnapshotEvent> otherColumn = sparse(8);
        otherColumn.get(1).getColumns().set(0, 16);
        assertThat(assembled(otherColumn).finish().orElseThrow()).startsWith("its content has");

        List<ModelSnapshotEvent> twice = sparse(8);
        twice.get(1).getColumns().set(0, 10);
        assertThat(assembled(twice).finish()).contains("the column 10 follows the column 10");

        List<ModelSnapshotEvent> tooLarge = sparse(8);
        tooLarge.get(2).getColumns().set(1, FEATURES + 1);
        assertThat(assembled(tooLarge).finish()).contains("the column 1001 follows the column 30");

        List<ModelSnapshotEvent> missing = sparse(8);
        missing.get(0).getScales().remove(0);
        assertThat(assembled(missing).finish())
                .contains("chunk 0 has another number of columns, scales or parameters");
    }
}
