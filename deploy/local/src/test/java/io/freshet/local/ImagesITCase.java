package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.images.SmallNetwork;
import io.freshet.local.images.TestImages;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test of {@code freshet images} and {@code freshet evaluate} with a job between them. */
class ImagesITCase {
    private static final int OF_EACH_CLASS = 120;

    @TempDir private static Path directory;
    private static EmbeddedKafka kafka;
    private static Map<String, String> settings;
    private static Path images;
    private static Path network;

    @BeforeAll
    static void learn() throws Exception {
        kafka = EmbeddedKafka.start();
        settings =
                JobOnKafka.settings(
                        kafka,
                        "images-it",
                        SmallNetwork.FEATURES,
                        String.join(",", TestImages.CLASSES));
        images = directory.resolve("images");
        TestImages.writeFolder(images.resolve("train"), OF_EACH_CLASS);
        TestImages.writeFolder(images.resolve("test"), OF_EACH_CLASS / 4);
        Files.writeString(images.resolve("train/red/broken.png"), "no image");
        network = SmallNetwork.write(directory.resolve("n.onnx"), 16, 16);
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            CommandResult sent = run("images", "--shuffle", "1");
            assertThat(sent.code()).as(sent.err()).isZero();
            assertThat(sent.out())
                    .contains("sending 361 images (train, training images) to images-it-labelled")
                    .contains("left out: train/red/broken.png: neither PNG nor JPEG")
                    .containsPattern("sent 360 images in .* s \\(.* images/s\\), 1 were left out");
            assertThat(run("images", "--shuffle", "1").out())
                    .contains("all of them were sent before; --again sends them once more");
            TopicAudit audit = job.finish();
            assertThat(audit.accepted().count()).isEqualTo(3 * OF_EACH_CLASS);
        }
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private static CommandResult run(String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--data", images.toString(), "--backbone", network.toString()));
        arguments.addAll(List.of(options));
        return CommandResult.of(settings, arguments.toArray(String[]::new));
    }

    @Test
    void evaluate_printsTheAccuracyAndTheFiguresOfEachClass() {
        CommandResult result = run("evaluate");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out().lines())
                .contains(
                        "  Accuracy of the network on the 90 test images: 100 %",
                        "  accuracy               1.0000",
                        "  red                             30     1.0000     1.0000     1.0000",
                        "  red              0    30     0")
                .allMatch(line -> line.length() <= 80);
        assertThat(run("evaluate", "--part", "train", "--events", "50").out())
                .contains("Accuracy of the network on the 50 training images: ")
                .doesNotContain("left out");
    }

    @Test
    void evaluate_byAServer_hasTheSameFigures() throws Exception {
        String direct = figures(run("evaluate"));
        try (JavaProcess server =
                JavaProcess.freshet(
                        Files.createDirectory(directory.resolve("server")),
                        List.of(),
                        "serve",
                        "--port",
                        "0",
                        "--set",
                        "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                        "--set",
                        "topics.models=" + settings.get("topics.models"))) {
            URI address = server.awaitServer();

            CommandResult result = run("evaluate", "--server", address.toString());

            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.out()).contains("of model \"default\", " + address);
            assertThat(figures(result)).isEqualTo(direct);
            assertThat(run("evaluate", "--server", address.toString(), "--model-id", "x").err())
                    .contains("the server has no model \"x\", but [default]");
        }
    }

    /** ONNX Runtime crashes the process if a batch runs while it is being closed. */
    @Test
    void signalWhileBatchesRun_endsTheProcessInOrder() throws Exception {
        Path many = TestImages.writeBatches(directory.resolve("many"), 1, 12_000);
        Path working = Files.createDirectory(directory.resolve("signalled"));
        try (JavaProcess process =
                JavaProcess.freshet(
                        working,
                        List.of(),
                        "evaluate",
                        "--data",
                        many.toString(),
                        "--backbone",
                        network.toString(),
                        "--set",
                        "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                        "--set",
                        "topics.models=" + settings.get("topics.models"),
                        "--set",
                        "topics.model-history=" + settings.get("topics.model-history"))) {
            process.awaitOutput("test images");
            process.signal("INT");

            assertThat(process.awaitExit()).as(process.output()).isEqualTo(130);
            assertThat(process.output()).doesNotContain("Accuracy", "freshet:");
        }
    }

    private static String figures(CommandResult result) {
        return result.out().substring(result.out().indexOf("  Accuracy of the network"));
    }

    @Test
    void invalidOptions_areReportedInOneLine() {
        assertThat(run("images", "--part", "tests").err()).contains("--part").hasLineCount(1);
        assertThat(run("images", "--augment", "much").err())
                .isEqualTo("freshet: --augment much: must be a whole number or off\n");
        assertThat(run("images", "--mean", "0.5,0.5").err())
                .isEqualTo(
                        "freshet: --mean: three numbers were expected, for red, green and blue\n");
        assertThat(run("evaluate", "--file", "x.csv").code()).isEqualTo(2);
        String folder = directory.toString();
        assertThat(
                        CommandResult.of(
                                        settings,
                                        "images",
                                        "--data",
                                        images.toString(),
                                        "--backbone",
                                        folder)
                                .err())
                .contains("a network as an ONNX file was expected")
                .hasLineCount(1);
        assertThat(CommandResult.of(settings, "evaluate", "--file", "x", "--change", "noise").err())
                .isEqualTo("freshet: --change is for images; --file has none\n");
    }
}
