package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.models.ExportFormat;
import io.freshet.local.models.SnapshotFinder;
import io.freshet.local.models.StoredSnapshot;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobTopics;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command {@code freshet models export}: a version of a model as a file. */
@Command(
        name = "export",
        description = {
            "Writes a version of a model to a file: avro, the records of the snapshot; onnx, which"
                    + " ONNX Runtime runs; npz, arrays of NumPy; json.",
            "Sparse models have only the features that occurred, and cannot be exported to onnx."
                    + " Ensembles can be exported to avro and onnx."
        })
final class ModelsExportCommand implements Callable<Integer> {
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help message and exits.")
    @SuppressWarnings("UnusedVariable") // picocli sets and reads it
    private boolean help;

    @Parameters(paramLabel = "ID", description = "Id of the model.")
    private String modelId = "";

    @Option(
            names = "--version",
            paramLabel = "N",
            description = "Version of the model (default: the newest).")
    private @Nullable Long version;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            description = "Format of the file: avro, onnx, npz or json.")
    private String format = "";

    @Option(
            names = "--output",
            required = true,
            paramLabel = "FILE",
            description = "File to write. An existing one is replaced.")
    private Path output = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ExportFormat wanted = format();
        JobTopics topics = JobConfig.parseTopics(settingsOptions.read());
        StoredSnapshot snapshot = new SnapshotFinder(topics, modelId).find(version);
        try {
            wanted.write(snapshot, output);
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    snapshot.classifier()
                            + " cannot be exported to "
                            + Key.kebab(wanted)
                            + ": "
                            + e.getMessage(),
                    e);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                String.format(
                        Locale.ROOT,
                        "%s in %s, %,d bytes",
                        snapshot.classifier(),
                        output,
                        Files.size(output)));
        out.flush();
        return 0;
    }

    private ExportFormat format() {
        return Arrays.stream(ExportFormat.values())
                .filter(each -> Key.kebab(each).equals(format))
                .findFirst()
                .orElseThrow(
                        () ->
                                new UserException(
                                        "--format "
                                                + format
                                                + ": must be avro, onnx, npz or json"));
    }
}
