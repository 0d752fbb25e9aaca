package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleSnapshots;
import io.freshet.classifier.Snapshots;
import io.freshet.local.cli.UserException;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        return stored(new EnsembleSnapshots(1, 5, 3, 4, true, 20, true).records(10_000));
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
    }

    @Test
    void difference_isRefused() throws Exception {
        StoredSnapshot ensemble = ensemble();
        StoredSnapshot linear =
                stored(new Snapshots(1, 5, 3, 3, "softmax", 4, true).records(10_000));
        String problem =
                "version 7 of model \"m\" is an ensemble, and only linear models can be compared";
        assertThatThrownBy(() -> ModelDifference.of(ensemble, linear, 9))
                .isInstanceOf(UserException.class)
                .hasMessage(problem);
        assertThatThrownBy(() -> ModelDifference.of(linear, ensemble, 9))
                .isInstanceOf(UserException.class)
                .hasMessage(problem);
    }

    @Test
    void text_hasAllExpertsAndParameters() throws Exception {
        StringWriter text = new StringWriter();
        ModelText.printLong(new PrintWriter(text, true), ensemble());
        assertThat(text.toString())
                .contains("9 bytes in 11 records, 100,012 parameters")
                .contains("nearest of 32 weight");
        assertThat(ModelJson.writeLong(ensemble())).contains("\"ferns, forgetting\"");
    }
}
