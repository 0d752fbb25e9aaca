package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.ModelContent;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NpzWriterTest {
    @TempDir private Path directory;

    static List<Named<ModelContent>> models() {
        List<Named<ModelContent>> models = new ArrayList<>(RandomModels.dense());
        models.add(Named.of("sparse", RandomModels.sparse()));
        return models;
    }

    private Path write(ModelContent model) throws Exception {
        Path file = directory.resolve("model.npz");
        try (OutputStream out = Files.newOutputStream(file)) {
            NpzWriter.write(model, out);
        }
        return file;
    }

    private static void assertNumbers(NpzReader npz, String name, double[] expected, int... shape)
            throws Exception {
        NpzReader.Header header = Objects.requireNonNull(npz.header(name), name);
        assertThat(header.shape()).as(name).containsExactly(shape);
        assertThat(npz.numbers(header)).as(name).containsExactly(expected);
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static List<String> texts(NpzReader npz, String name) throws Exception {
        return npz.texts(Objects.requireNonNull(npz.header(name), name));
    }

    @ParameterizedTest
    @MethodSource("models")
    void written_isReadAgain(ModelContent model) throws Exception {
        ModelArrays arrays = ModelArrays.of(model);
        int rates = model.numRates();
        int outputs = model.numOutputs();
        try (NpzReader npz = new NpzReader(write(model))) {
            assertNumbers(
                    npz, "weights", doubles(arrays.weights()), rates, arrays.numRows(), outputs);
            assertNumbers(npz, "bias", doubles(arrays.bias()), rates, outputs);
            assertNumbers(npz, "mixture", model.mixture(), rates);
            assertNumbers(npz, "learning_rates", model.learningRates(), rates);
            assertNumbers(npz, "version", new double[] {12});
            assertThat(texts(npz, "classes")).isEqualTo(model.info().classes());
            assertThat(texts(npz, "model_id")).containsExactly(model.info().modelId());
            assertThat(texts(npz, "hyper_parameters"))
                    .singleElement()
                    .asString()
                    .startsWith("{\"features.missing\":");
            ModelContent.Scaler scaler = model.scaler();
            if (scaler == null) {
                assertThat(npz.names()).doesNotContain("mean", "variance", "limit", "count");
            } else {
                assertNumbers(npz, "mean", scaler.mean(), RandomModels.FEATURES);
                assertNumbers(npz, "variance", scaler.variance(), RandomModels.FEATURES);
                assertNumbers(npz, "limit", doubles(scaler.limit()), RandomModels.FEATURES);
                assertNumbers(npz, "count", new double[] {scaler.count()});
            }
            if (model.isSparse()) {
                assertNumbers(npz, "columns", new double[] {1, 4, 8}, 3);
                assertNumbers(npz, "scales", new double[] {2, 3, 0.5}, 3);
                assertNumbers(npz, "scale_limit", new double[] {6});
            }
        }
    }

    /** The header of numpy.save, version 1.0: see numpy.lib.format. */
    @Test
    void header_isThatOfNumPy() throws Exception {
        try (ZipFile zip = new ZipFile(write(RandomModels.sparse()).toFile())) {
            byte[] bytes = zip.getInputStream(zip.getEntry("mixture.npy")).readAllBytes();
            String text = new String(bytes, 0, 128, StandardCharsets.ISO_8859_1);

            assertThat(text)
                    .startsWith("\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f8',")
                    .contains("'fortran_order': False, 'shape': (2,), }")
                    .endsWith(" \n");
            assertThat(bytes).hasSize(128 + 2 * Double.BYTES);
        }
    }
}
