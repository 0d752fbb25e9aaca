package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.local.images.ImageFeatures;
import io.freshet.local.images.SmallNetwork;
import io.freshet.local.images.TestImages;
import io.freshet.local.stream.LabelledStream.Example;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test of {@code freshet article} against the article's loop, written out. */
class ArticleITCase {
    private static final int TRAINING_IMAGES = 1_500;
    private static final int TEST_IMAGES = 300;
    private static final int EVERY = 20;

    @TempDir private static Path directory;
    private static Path network;
    private static CommandResult result;

    @BeforeAll
    static void run() throws Exception {
        TestImages.writeBatches(directory, TRAINING_IMAGES, TEST_IMAGES);
        network = SmallNetwork.write(directory.resolve("n.onnx"), 16, 16);
        result =
                article(
                        "--epochs",
                        "2",
                        "--dashboard-port",
                        "0",
                        "--set",
                        "metrics.running-loss-mini-batches=" + EVERY);
        assertThat(result.code()).as(result.out() + result.err()).isZero();
    }

    private static CommandResult article(String... options) {
        List<String> arguments = new ArrayList<>(List.of("article"));
        arguments.addAll(List.of("--data", directory.toString(), "--backbone", network.toString()));
        arguments.addAll(List.of(options));
        return CommandResult.of(Map.of(), arguments.toArray(String[]::new));
    }

    @Test
    void runningLossesAndAccuracy_areThoseOfTheArticlesLoop() throws Exception {
        SgdLoop loop = new SgdLoop(SmallNetwork.FEATURES, TestImages.CLASSES);
        List<Double> expected = loop.train(ImageFeatures.training(directory, network, 2), EVERY);

        List<MatchResult> lines =
                Pattern.compile("^\\[([12]), +(\\d+)] loss: (\\d\\.\\d{3})$", Pattern.MULTILINE)
                        .matcher(result.out())
                        .results()
                        .toList();
        assertThat(lines).hasSize(expected.size()).hasSize(4);
        for (int i = 0; i < lines.size(); i++) {
            int miniBatch = EVERY * (i + 1);
            assertThat(lines.get(i).group(1))
                    .isEqualTo(miniBatch * 32 <= TRAINING_IMAGES ? "1" : "2");
            assertThat(lines.get(i).group(2)).isEqualTo(Integer.toString(miniBatch));
            assertThat(Double.parseDouble(lines.get(i).group(3)))
                    .isCloseTo(expected.get(i), within(0.0006));
        }
        List<Example> test = ImageFeatures.test(directory, network);
        assertThat(result.out())
                .contains(
                        "\nAccuracy of the network on the 300 test images: "
                                + (int) (100 * loop.accuracy(test))
                                + " %\n");
    }

    @Test
    void report_fitsTheTerminal_andTellsOfTheChange() {
        assertThat(result.out())
                .contains(
                        "1. Load and normalise the images",
                        "2. Define the network",
                        "3. Define the loss function and the optimiser",
                        "4. Train the network",
                        "Finished Training",
                        "5. Test the network on the test images",
                        "6. What the program cannot do: the images change (low contrast)")
                .containsPattern(
                        "drift detected \\d+ images after the change, by \\S+ on the \\S+");
        assertThat(result.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(loss("at the end")).isLessThan(loss("largest, "));
        assertThat(loss("before the change")).isLessThan(loss("largest, "));
    }

    /** Returns the first figure after a text. */
    private static double loss(String name) {
        return Pattern.compile(Pattern.quote("    " + name) + ".* (\\d\\.\\d{4})\n")
                .matcher(result.out())
                .results()
                .map(match -> Double.parseDouble(match.group(1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void invalidOptions_areReportedInOneLine() {
        assertThat(article("--epochs", "0").err())
                .isEqualTo("freshet: --epochs 0: must be at least 1\n");
        assertThat(article("--change", "dark").err()).contains("--change dark").hasLineCount(1);
        assertThat(article("--shuffle", "yes").code()).isEqualTo(2);
        assertThat(article("--set", "mini-batch.size=0").code()).isEqualTo(2);
        assertThat(article("--dashboard-port", "99999").err()).hasLineCount(1);
        assertThat(article("--set", "topics.metrics=m").err())
                .startsWith("freshet: topics.metrics cannot be set for freshet article;")
                .hasLineCount(1);
    }
}
