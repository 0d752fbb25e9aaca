package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleSnapshots;
import io.freshet.classifier.SnapshotFile;
import io.freshet.classifier.Snapshots;
import io.freshet.classifier.SparseEnsembles;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Test of the commands for published models, with an ensemble. */
class EnsembleModelsTest {
    private static StoredSnapshot stored(List<ModelSnapshotEvent> records) throws Exception {
        return new StoredSnapshot(ClassifierReader.of(records), records, 9, 0);
    }

    private static StoredSnapshot ensemble() throws Exception {
        return stored(
                new EnsembleSnapshots(1, 5, 3, 4, true, 20, true).withTraining().records(10_000));
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"AVRO", "ONNX"})
    void formatsOfLinearModels_areRefused(ExportFormat format, @TempDir Path directory)
            throws Exception {
        StoredSnapshot ensemble = ensemble();
        Path file = Files.writeString(directory.resolve("model"), "before");
        assertThatThrownBy(() -> format.write(ensemble, file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the model is an ensemble, of which only avro and onnx have all experts");
        assertThat(file).hasContent("before");
    }

    @Test
    void avro_hasAllExperts(@TempDir Path directory) throws Exception {
        StoredSnapshot ensemble = ensemble();
        Path file = directory.resolve("model.avro");
        ExportFormat.AVRO.write(ensemble, file);
        Classifier read = ClassifierReader.read(file);
        float[] features = {1, 2, 3, 4, 5};
        assertThat(read.classify(features).probabilities())
                .isEqualTo(ensemble.classifier().classify(features).probabilities());
        assertThat(SnapshotFile.read(file)).isEqualTo(ensemble.records());
    }

    /** Returns the only record of an ensemble: its linear models, 16,640 cells and 20 examples. */
    private static ModelSnapshotEvent record() {
        return new EnsembleSnapshots(1, 5, 3, 4, true, 20, true).records(1 << 20).get(0);
    }

    /** Makes a snapshot of a record that a test has changed. */
    private static StoredSnapshot changed(ModelSnapshotEvent record, long version)
            throws Exception {
        List<ModelSnapshotEvent> records = EnsembleSnapshots.of(List.of(record)).records(10_000);
        records.forEach(each -> each.setModelVersion(version));
        return stored(records);
    }

    private static String text(ModelDifference difference) {
        StringWriter text = new StringWriter();
        ModelText.printDifference(new PrintWriter(text, true), difference);
        assertThat(text.toString().lines()).allMatch(line -> line.length() <= ModelText.WIDTH);
        return text.toString();
    }

    private static String change(double first, double second) {
        return "%-19s".formatted(String.format(Locale.ROOT, "%.4f to %.4f", first, second));
    }

    @Test
    void difference_ofAVersionAndItself_isNone() throws Exception {
        ModelDifference difference =
                ModelDifference.of(changed(record(), 8), changed(record(), 9), 9);

        assertThat(difference.rates()).hasSize(4).allMatch(rate -> rate.distance() == 0);
        assertThat(difference.changes()).isEmpty();
        EnsembleDifference ensemble = Objects.requireNonNull(difference.ensemble());
        assertThat(ensemble.ferns()).isEqualTo(new EnsembleDifference.Ferns(0, 16_640));
        assertThat(ensemble.window()).isEqualTo(new EnsembleDifference.Window(20, 20, 20));
        assertThat(ensemble.experts())
                .hasSize(11)
                .allMatch(expert -> expert.stack().first() == expert.stack().second());
    }

    @Test
    void difference_hasWhatChanged() throws Exception {
        ModelSnapshotEvent before = record();
        ModelSnapshotEvent after = record();
        List<Float> parameters = after.getParameters();
        int linear = 4 * 6 * 3;
        parameters.set(7, parameters.get(7) + 0.5f); // rate 0, feature 2, class 1
        int cells = linear;
        for (int index : new int[] {0, 5, 6 * 16_639}) { // both experts of cell 0, and the last
            parameters.set(cells + index, parameters.get(cells + index) + 1);
        }
        // The window moves on by three examples, and is longer by two.
        int examples = cells + 16_640 * 6;
        List<Integer> labels = after.getEnsemble().getLabels();
        labels.remove(0);
        parameters.subList(examples, examples + 5).clear();
        for (int i = 0; i < 3; i++) {
            labels.add(1);
            parameters.addAll(List.of(i + 0.5f, 0f, 1f, 2f, 3f));
        }
        after.getEnsemble().getStack().set(6, 0.75);
        after.getEnsemble().getCorrection().set(10, -0.25);
        after.getEnsemble().setAnswers(List.of(0.25, 0.5, 0.25));
        before.getEnsemble().setAnswers(List.of(0.5, 0.5, 0.0));

        ModelDifference difference = ModelDifference.of(changed(before, 8), changed(after, 9), 9);

        assertThat(difference.rates().get(0).distance()).isCloseTo(0.5, within(1e-6));
        assertThat(difference.rates().get(1).distance()).isZero();
        EnsembleDifference ensemble = Objects.requireNonNull(difference.ensemble());
        assertThat(ensemble.ferns()).isEqualTo(new EnsembleDifference.Ferns(2, 16_640));
        assertThat(ensemble.window()).isEqualTo(new EnsembleDifference.Window(20, 22, 19));
        assertThat(ensemble.answers())
                .extracting(EnsembleDifference.Change::first)
                .containsExactly(0.5, 0.5, 0.0);
        assertThat(ensemble.answers())
                .extracting(EnsembleDifference.Change::second)
                .containsExactly(0.25, 0.5, 0.25);
        double stack = before.getEnsemble().getStack().get(6);
        double correction = before.getEnsemble().getCorrection().get(6);
        double mixture = before.getExperts().get(6).getWeight();
        assertThat(ensemble.experts().get(6).stack())
                .isEqualTo(new EnsembleDifference.Change(stack, 0.75));
        assertThat(ensemble.experts().get(10).correction().second()).isEqualTo(-0.25);
        assertThat(text(difference))
                .contains(
                        String.format(
                                Locale.ROOT,
                                "%n  nearest of 32      %s%s%s%n",
                                change(mixture, mixture),
                                change(stack, 0.75),
                                change(correction, correction).stripTrailing()))
                .contains("answers       mixture 0.5000 to 0.2500, stack 0.5000 to 0.5000,")
                .contains("ferns         2 of 16,640 cells changed")
                .contains("window        20 to 22 examples, 19 in common");
        JsonNode json = new ObjectMapper().readTree(ModelJson.write(difference)).get("ensemble");
        assertThat(json.get("experts").get(6).get("name").textValue()).isEqualTo("nearest of 32");
        assertThat(json.get("experts").get(6).get("stack").get("second").doubleValue())
                .isEqualTo(0.75);
        assertThat(json.get("answers").get("correction").get("second").doubleValue())
                .isEqualTo(0.25);
        assertThat(json.get("fernCells").toString()).isEqualTo("{\"changed\":2,\"all\":16640}");
        assertThat(json.get("window").toString())
                .isEqualTo("{\"first\":20,\"second\":22,\"common\":19}");
    }

    @Test
    void difference_withOtherExpertsClassesAndFeatures_hasZerosForThem() throws Exception {
        StoredSnapshot fewer =
                stored(new EnsembleSnapshots(1, 5, 3, 4, false, 0, true).records(9999));
        StoredSnapshot more =
                stored(new EnsembleSnapshots(1, 5, 70, 4, true, 4, true).records(9999));
        EnsembleDifference difference =
                Objects.requireNonNull(ModelDifference.of(fewer, more, 9).ensemble());

        assertThat(difference.experts()).hasSize(11);
        EnsembleDifference.Change added = difference.experts().get(10).mixture();
        assertThat(added.first()).isZero();
        assertThat(added.second()).isEqualTo(more.content().mixture()[10]);
        // With 70 classes there are 58 ferns, each cell of which has a logit that is not 0. With 3
        // classes there are 6 more, whose cells differ unless their 6 logits are 0.
        float[] logits = Objects.requireNonNull(fewer.content().ensemble()).fernLogits();
        int used = 0;
        for (int cell = 58 * 260; cell < 64 * 260; cell++) {
            float[] row = Arrays.copyOfRange(logits, 6 * cell, 6 * cell + 6);
            used += Arrays.equals(row, new float[6]) ? 0 : 1;
        }
        assertThat(used).isBetween(1, 6 * 260 - 1);
        assertThat(difference.ferns())
                .isEqualTo(new EnsembleDifference.Ferns(58 * 260 + used, 64 * 260));
        assertThat(difference.window()).isEqualTo(new EnsembleDifference.Window(0, 4, 0));

        EnsembleDifference reverse =
                Objects.requireNonNull(ModelDifference.of(more, fewer, 9).ensemble());
        assertThat(reverse.experts().get(10).name()).isEqualTo("recent frequencies");
        assertThat(reverse.experts().get(10).mixture().second()).isZero();

        StoredSnapshot wide =
                stored(new EnsembleSnapshots(1, 6, 3, 4, false, 0, true).records(9999));
        ModelDifference widened = ModelDifference.of(fewer, wide, 9);
        assertThat(Objects.requireNonNull(widened.ensemble()).ferns()).isNull();
        assertThat(text(widened)).contains("ferns         with other tests");
        assertThat(ModelJson.write(widened)).contains("\"fernCells\":null");
        StoredSnapshot chosen =
                stored(new EnsembleSnapshots(2, 5, 3, 4, false, 0, true).records(9999));
        assertThat(text(ModelDifference.of(fewer, chosen, 9)))
                .contains("ferns         with other tests");
        assertThat(text(ModelDifference.of(chosen, chosen, 9)))
                .contains("ferns         0 of 16,640 cells changed");
    }

    @Test
    void ensembleOfSparseFeatures_isComparedWithoutFernsAndWindow(@TempDir Path directory)
            throws Exception {
        StoredSnapshot first = stored(List.of(SparseEnsembles.record(3)));
        StoredSnapshot second = stored(List.of(SparseEnsembles.record(4)));
        ModelDifference difference = ModelDifference.of(first, second, 9);

        assertThat(difference.rates()).hasSize(4).allMatch(rate -> rate.distance() > 0);
        assertThat(text(difference))
                .contains("  recent frequencies")
                .doesNotContain("window")
                .doesNotContain("ferns");
        assertThat(ModelJson.write(difference))
                .contains("\"fernCells\":null")
                .contains("\"window\":null");
        assertThatThrownBy(() -> ExportFormat.ONNX.write(first, directory.resolve("m.onnx")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the model is sparse, and ONNX would have to have all 9 features; avro has"
                                + " only those that occurred");
    }

    @Test
    void difference_fromALinearModel_isRefused() throws Exception {
        StoredSnapshot ensemble = ensemble();
        StoredSnapshot linear =
                stored(new Snapshots(1, 5, 3, 3, "softmax", 4, true).version(8).records(10_000));
        String problem =
                "version 7 of model \"m\" is an ensemble, and version 8 of model \"m\" is linear;"
                        + " only models of the same kind can be compared";
        assertThatThrownBy(() -> ModelDifference.of(ensemble, linear, 9))
                .isInstanceOf(UserException.class)
                .hasMessage(problem);
        assertThatThrownBy(() -> ModelDifference.of(linear, ensemble, 9))
                .isInstanceOf(UserException.class)
                .hasMessage(problem);
        assertThat(ModelJson.write(ModelDifference.of(linear, linear, 9)))
                .contains("\"ensemble\":null");
    }

    @Test
    void text_hasAllExpertsAndParameters() throws Exception {
        StringWriter text = new StringWriter();
        ModelText.printLong(new PrintWriter(text, true), ensemble());
        Expert nearest = ensemble().experts().get(7);
        assertThat(text.toString().lines())
                .contains("size          9 bytes in 14 records, 100,012 parameters")
                .contains(
                        String.format(
                                Locale.ROOT,
                                "nearest of 1024    weight %.4f, stack %+.4f, correction %+.4f,"
                                        + " loss 0.8750",
                                nearest.getWeight(),
                                nearest.getStackWeight(),
                                nearest.getCorrectionWeight()))
                .anyMatch(line -> line.matches("answer +mixture 0.*, stack 0.*, correction 0.*"))
                .allMatch(line -> TerminalText.columns(line) <= ModelText.WIDTH);
        assertThat(ModelJson.writeLong(ensemble()))
                .contains("\"name\":\"nearest of 1024\"")
                .contains("\"stackWeight\":" + nearest.getStackWeight())
                .contains("\"correctionWeight\":" + nearest.getCorrectionWeight())
                .contains("\"loss\":0.875");
        assertThat(ModelJson.writeLong(ensemble())).contains("\"ferns, forgetting\"");
    }
}
