package io.freshet.local;

import io.freshet.classifier.ModelContent;
import io.freshet.classifier.SnapshotFile;
import io.freshet.classifier.SnapshotRecord;
import io.freshet.config.Key;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.models.ImportRequest;
import io.freshet.local.models.ModelImport;
import io.freshet.local.models.WeightRows;
import io.freshet.pipeline.GivenShape;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Publisher;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet models import}: a linear model of another program as a snapshot file. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a snapshot file of a linear model: an ONNX file of one layer, such as PyTorch's"
                    + " nn.Linear, or a .npz file with the arrays weight and bias.",
            "A job with learner.type=softmax begins to learn from it with models.start=FILE."
        })
final class ModelsImportCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Parameters(paramLabel = "FILE", description = "File that ends with .onnx or .npz.")
    private Path file = Path.of("");

    @Option(
            names = "--output",
            required = true,
            paramLabel = "FILE",
            description = "Snapshot file to write. An existing one is replaced.")
    private Path output = Path.of("");

    @Option(
            names = "--model",
            paramLabel = "ID",
            defaultValue = "imported",
            description = "Id of the model in the file (default: ${DEFAULT-VALUE}).")
    private String modelId = "imported";

    @Option(
            names = "--num-features",
            paramLabel = "N",
            description =
                    "Number of features that the model must have (default: that of num-features or"
                            + " features of the settings, or any).")
    private @Nullable Integer numFeatures;

    @Option(
            names = "--classes",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Names of the classes that the model must have (default: classes of the"
                            + " settings, those of the file, or 0, 1, …).")
    private List<String> classes = List.of();

    @Option(
            names = "--activation",
            paramLabel = "NAME",
            description =
                    "softmax or sigmoid (default: that of the file, or sigmoid for a single output"
                            + " and otherwise softmax).")
    private @Nullable String activation;

    @Option(
            names = "--rows",
            paramLabel = "NAME",
            description =
                    "Meaning of the rows of weight in a .npz file if its shape does not say it:"
                            + " classes, as in PyTorch, or features.")
    private @Nullable String rows;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ModelContent content = ModelImport.read(file, request(), modelId);
        Path parent = output.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            throw new UserException(output + ": its directory does not exist");
        }
        SnapshotFile.write(
                List.of(SnapshotRecord.of(content, "freshet " + Publisher.jobVersion())), output);
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                content.info().numFeatures()
                        + " features, "
                        + content.info().classes().size()
                        + " classes ("
                        + String.join(", ", content.info().classes())
                        + "), "
                        + content.activation()
                        + (content.scaler() == null ? ", no scaler" : ", with its scaler"));
        out.println(
                "in "
                        + output
                        + "; a job begins with it by models.start="
                        + output
                        + (content.scaler() == null
                                ? ", learner.type=softmax and scaler.type=none"
                                : " and learner.type=softmax"));
        out.flush();
        return 0;
    }

    private ImportRequest request() {
        GivenShape given = JobConfig.parseShape(settingsOptions.read());
        Integer features = numFeatures == null ? given.numFeatures() : numFeatures;
        List<String> names = classes.isEmpty() ? given.classes() : classes;
        if (activation != null
                && !List.of(ModelContent.SOFTMAX, ModelContent.SIGMOID).contains(activation)) {
            throw new UserException("--activation " + activation + ": must be softmax or sigmoid");
        }
        return new ImportRequest(features, names, activation, weightRows());
    }

    private @Nullable WeightRows weightRows() {
        if (rows == null) {
            return null;
        }
        return Arrays.stream(WeightRows.values())
                .filter(each -> Key.kebab(each).equals(rows))
                .findFirst()
                .orElseThrow(
                        () ->
                                new UserException(
                                        "--rows " + rows + ": must be classes or features"));
    }
}
