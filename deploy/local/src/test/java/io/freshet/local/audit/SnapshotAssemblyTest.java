package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.EnsembleSnapshots;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    private static List<ModelSnapshotEvent> ensemble(boolean withTraining) {
        EnsembleSnapshots ensemble = new EnsembleSnapshots(2, 6, 3, 4, true, 40, true);
        return (withTraining ? ensemble.withTraining() : ensemble).records(20_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ensemble_isComplete_whateverTheOrderOfItsChunks(boolean withTraining) {
        List<ModelSnapshotEvent> chunks = ensemble(withTraining);
        assertThat(assembled(chunks).finish()).isEmpty();
        Collections.reverse(chunks);
        assertThat(assembled(chunks).finish()).isEmpty();
    }

    private static String problem(Consumer<EnsembleSnapshot> change) {
        List<ModelSnapshotEvent> chunks = ensemble(true);
        change.accept(chunks.get(0).getEnsemble());
        return assembled(chunks).finish().orElseThrow();
    }

    @Test
    void changedPartOfAnEnsemble_isFound() {
        assertThat(problem(ensemble -> ensemble.setFerns(16)))
                .isEqualTo("133459 parameters instead of 58579");
        assertThat(problem(ensemble -> ensemble.getTraining().setParameters(1)))
                .isEqualTo("133459 parameters instead of 100165");
        assertThat(problem(ensemble -> ensemble.getStack().set(1, Double.NaN)))
                .isEqualTo("a weight of the stack is NaN");
        List<Consumer<EnsembleSnapshot>> changes =
                List.of(
                        ensemble -> ensemble.getTestFeatures().set(3, 9),
                        ensemble -> ensemble.getTestThresholds().set(3, 9f),
                        ensemble -> ensemble.getLabels().set(3, 9),
                        ensemble -> ensemble.getFeatureWeights().set(3, 9f),
                        ensemble -> ensemble.getLabelPredictions().set(3, 9f),
                        ensemble -> ensemble.getStack().set(3, 9.0),
                        ensemble -> ensemble.getCorrection().set(3, 9.0),
                        ensemble -> ensemble.getAnswers().set(2, 9.0),
                        ensemble -> ensemble.getTraining().getMixture().set(3, 9.0),
                        ensemble -> ensemble.getTraining().getAnswers().set(3, 9.0),
                        ensemble -> ensemble.getTraining().getStackCovariance().set(3, 9.0),
                        ensemble -> ensemble.getTraining().getCorrectionCovariance().set(3, 9.0),
                        ensemble -> ensemble.getTraining().setExamples(9),
                        ensemble -> ensemble.getTraining().setNextRefresh(9),
                        ensemble -> ensemble.getTraining().setLastLabel(0));
        for (Consumer<EnsembleSnapshot> change : changes) {
            assertThat(problem(change)).startsWith("its content has the hash ");
        }
    }
}
