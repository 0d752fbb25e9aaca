package io.freshet.local;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.evaluate.Evaluation;
import io.freshet.local.evaluate.EvaluationScores;
import io.freshet.local.evaluate.EvaluationText;
import io.freshet.local.evaluate.HttpModel;
import io.freshet.local.evaluate.ServedModel;
import io.freshet.local.evaluate.TopicModel;
import io.freshet.local.images.ImageChange;
import io.freshet.local.images.ImageOptions;
import io.freshet.local.images.ImagePart;
import io.freshet.local.images.ImageStream;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.models.SnapshotFinder;
import io.freshet.local.stream.FileOptions;
import io.freshet.local.stream.FileStream;
import io.freshet.local.stream.LabelledStream;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import io.freshet.publish.Topic;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command {@code freshet evaluate}: a published model's figures on a labelled set. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = {
            "Sends a labelled set through a published model, without training on it, and prints"
                    + " loss, accuracy, the figures of each class and the confusion matrix.",
            "The set is a file (--file) or images (--data, --backbone). The model is the newest"
                    + " version on the topic of snapshots, or that of a running freshet serve"
                    + " (--server)."
        })
final class EvaluateCommand implements Callable<Integer> {
    @Mixin private FileOptions fileOptions = new FileOptions();
    @Mixin private FieldChoice fields = new FieldChoice();
    @Mixin private ImageOptions imageOptions = new ImageOptions();
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description =
                    "A file of examples, plain or gzipped (.gz): CSV, JSON lines, ARFF, libsvm or"
                            + " Vowpal Wabbit's text; - reads the standard input.")
    private @Nullable Path file;

    @Option(
            names = "--part",
            paramLabel = "train|test",
            defaultValue = "test",
            description = "Part of the images (default: ${DEFAULT-VALUE}).")
    private ImagePart part = ImagePart.TEST;

    @Option(
            names = "--change",
            paramLabel = "none|low-contrast|noise",
            defaultValue = "none",
            description = "Changes every image (default: ${DEFAULT-VALUE}).")
    private String change = "";

    @Option(
            names = "--events",
            paramLabel = "N",
            description = "Number of examples (default: all).")
    private long events = Long.MAX_VALUE;

    @Option(
            names = "--model-id",
            paramLabel = "ID",
            defaultValue = "default",
            description = "Id of the model (default: ${DEFAULT-VALUE}).")
    private String modelId = "";

    @Option(
            names = "--version",
            paramLabel = "N",
            description = "Version of the model (default: the newest).")
    private @Nullable Long version;

    @Option(
            names = "--server",
            paramLabel = "URL",
            description =
                    "Address of a running freshet serve, such as http://localhost:8090, to ask"
                            + " instead of reading the topic.")
    private @Nullable String server;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with the token of the server.")
    private @Nullable Path token;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    private TerminalDisplay display =
            TerminalDisplay.forTerminal(new PrintWriter(PrintWriter.nullWriter()));

    @Override
    public Integer call() throws Exception {
        if ((file == null) == !imageOptions.isGiven()) {
            throw new UserException(
                    "what is to be evaluated? Either --file FILE, or --data DIR and --backbone"
                            + " FILE");
        }
        ImageChange imageChange = ImageChange.of("--change", change);
        if (file != null && imageChange != ImageChange.NONE) {
            throw new UserException("--change is for images; --file has none");
        }
        PrintWriter out = spec.commandLine().getOut();
        display = TerminalDisplay.forTerminal(out);
        try (ShutdownStack open = new ShutdownStack();
                ServedModel model = model()) {
            LabelledStream stream = stream(model, open);
            long total = Math.min(events, stream.size());
            out.println("  " + printable(model.description()));
            out.println("  " + printable(stream.description()));
            out.flush();
            EvaluationScores scores =
                    Evaluation.of(
                            stream,
                            total,
                            model,
                            done -> {
                                if (display.isInteractive()) {
                                    display.showLine(
                                            TerminalDisplay.format("  %,d of %,d", done, total));
                                }
                            });
            out.println();
            out.println("  " + EvaluationText.accuracy(scores, set()));
            EvaluationText.lines(scores).forEach(out::println);
            out.flush();
            return scores.examples() == 0 ? 1 : 0;
        }
    }

    private String set() {
        return file == null ? part.text() : "examples";
    }

    private LabelledStream stream(ServedModel model, ShutdownStack open) throws Exception {
        if (file != null) {
            Map<String, String> settings = new HashMap<>(model.featureSettings());
            settings.putAll(settingsOptions.read());
            return FileStream.read(fileOptions.file(file), fields, settings, 1, null);
        }
        return open.add(
                imageOptions.open(
                        part,
                        ImageStream.Options.plain().changed(ImageChange.of("--change", change)),
                        (name, problem) ->
                                display.printAbove("left out: " + name + ": " + problem)));
    }

    private ServedModel model() throws Exception {
        if (server != null) {
            return HttpModel.open(server, modelId, version, token());
        }
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        return new TopicModel(
                new SnapshotFinder(topics, modelId).find(version),
                topics.publish().topic(version == null ? Topic.MODELS : Topic.MODEL_HISTORY));
    }

    private @Nullable String token() throws IOException {
        return token == null ? null : Files.readString(token).strip();
    }
}
