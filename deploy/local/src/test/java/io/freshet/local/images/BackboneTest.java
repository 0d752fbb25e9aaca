package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackboneTest {
    @TempDir Path folder;

    private static Backbone load(Path file) {
        return load(file, null, null);
    }

    private static Backbone load(Path file, @Nullable String output, @Nullable Integer imageSize) {
        List<Float> half = List.of(0.5f, 0.5f, 0.5f);
        return Backbone.load(
                file,
                new Backbone.Options(new Normalisation(half, half), output, imageSize, false));
    }

    @Test
    void features_areThoseOfEachImageAlone() throws Exception {
        Random random = new Random(2);
        List<RgbImage> images =
                List.of(
                        TestImages.image(random, 0, 8, 8),
                        TestImages.image(random, 1, 8, 8),
                        TestImages.image(random, 2, 20, 11));
        try (Backbone backbone = load(SmallNetwork.write(folder.resolve("n.onnx"), 8, 8))) {
            float[][] together = backbone.features(images);

            assertThat(backbone.numFeatures()).isEqualTo(SmallNetwork.FEATURES);
            for (int i = 0; i < images.size(); i++) {
                assertThat(together[i])
                        .containsExactly(
                                backbone.features(images.subList(i, i + 1))[0], within(1e-5f));
            }
            assertThat(together[0]).isNotEqualTo(together[1]);
        }
    }

    @Test
    void networkOfAnySize_needsTheSize() throws Exception {
        Path file = SmallNetwork.write(folder.resolve("any.onnx"), -1, -1);

        assertThatThrownBy(() -> load(file))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        file + " takes images of any size; --image-size says which it should get");
        try (Backbone backbone = load(file, null, 8)) {
            assertThat(backbone.numFeatures()).isEqualTo(SmallNetwork.FEATURES);
        }
    }

    @Test
    void unusableNetworks_areRefusedWithWhatWasExpected() throws IOException {
        Path file = folder.resolve("bad.onnx");

        assertRefused(
                folder.resolve("none.onnx"),
                " does not exist; a network as an ONNX file was expected");
        assertRefused(
                SmallNetwork.writeWithTwoInputs(file),
                " has the inputs left, right; one was expected");
        assertRefused(
                SmallNetwork.writeOfVectors(file),
                " has the input row, float (N, 12); an image was expected, float (N, 3, height,"
                        + " width)");
        assertRefused(
                SmallNetwork.writeOfShapes(file),
                " has the output shape, int64 (4); features were expected, float (N, ...)");
        SmallNetwork.writeWithUnknownOperator(file);
        assertThatThrownBy(() -> load(file))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(file + ": ONNX Runtime cannot run it: ")
                .hasMessageContaining("Imagine")
                .hasMessageNotContaining("\n");
        Files.writeString(file, "no network");
        assertThatThrownBy(() -> load(file))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(file + ": ONNX Runtime cannot run it: ");
        SmallNetwork.write(file, 8, 8);
        assertThatThrownBy(() -> load(file, "logits", null))
                .isInstanceOf(UserException.class)
                .hasMessage(file + " has no output logits, but features");
    }

    private static void assertRefused(Path file, String message) {
        assertThatThrownBy(() -> load(file))
                .isInstanceOf(UserException.class)
                .hasMessage(file + message);
    }
}
