package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.learn.drift.DetectorOption;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.driftbench.DriftContender;
import io.freshet.local.driftbench.DriftKind;
import io.freshet.local.driftbench.DriftPlan;
import io.freshet.local.driftbench.DriftSuite;
import io.freshet.local.driftbench.DriftTable;
import io.freshet.local.driftbench.LossStream;
import io.freshet.local.driftbench.TestThenTrain;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.stream.FileOptions;
import io.freshet.local.stream.FileStream;
import io.freshet.local.stream.LabelledStream;
import io.freshet.model.LearnerSettings;
import io.freshet.pipeline.JobConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Command {@code freshet drift-bench}: compares the drift detectors on a seeded suite of streams
 * with known drifts, or on a file with given ones. The learner and the detectors have the job's
 * settings; they run without Flink and Kafka.
 */
@Command(
        name = "drift-bench",
        mixinStandardHelpOptions = true,
        description = "Compares the drift detectors on streams with known drifts.")
final class DriftBenchCommand implements Callable<Integer> {
    /** Default first seed; the defaults of the detectors' keys were tuned on seeds below 1000. */
    static final String FIRST_SEED = "1001";

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = FIRST_SEED,
            description =
                    "First seed of the suite (default: ${DEFAULT-VALUE}; the detectors' default"
                            + " parameters were tuned on seeds below 1000).")
    private long firstSeed;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Number of consecutive seeds (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Option(
            names = {"--file", "--csv"},
            paramLabel = "FILE",
            description =
                    "A file of examples, plain or gzipped (.gz), instead of the suite; - reads the"
                            + " standard input.")
    private @Nullable Path file;

    @Mixin private FileOptions fileOptions = new FileOptions();
    @Mixin private FieldChoice fields = new FieldChoice();

    @Option(
            names = "--drifts",
            paramLabel = "N",
            split = ",",
            description =
                    "Positions of the drifts in the file: rows before each, labelled or not,"
                            + " without the header (default: none).")
    private List<Integer> drifts = List.of();

    @Option(
            names = "--width",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Number of rows over which each drift of the file extends (default:"
                            + " ${DEFAULT-VALUE}).")
    private int width;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        DriftTable table;
        if (file == null) {
            if (fields.isGiven() || !drifts.isEmpty()) {
                throw new UserException(
                        "--label, --drifts and other options of a file need --file");
            }
            if (seeds < 1) {
                throw new UserException("--seeds " + seeds + ": must be at least 1");
            }
            table = table(settings(Map.of("num-features", "1", "classes", "2")), out);
            out.println("  Seeds " + firstSeed + " to " + (firstSeed + seeds - 1));
            for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
                DriftSuite.streams(seed, this::learner).forEach(table::add);
            }
        } else {
            FileStream stream = read(file);
            table = table(settings(stream.settings()), out);
            table.add(losses(stream));
        }
        table.print(out);
        return 0;
    }

    /** Returns an empty table of the contenders, and prints which detectors are configured. */
    private static DriftTable table(Map<String, String> settings, PrintWriter out) {
        List<DriftContender> contenders = DriftContender.all(settings);
        out.println(
                "  "
                        + DriftConfig.DETECTOR
                        + " = "
                        + contenders.get(0).config().detectors().stream()
                                .map(DriftConfig.Detector::name)
                                .collect(Collectors.joining(", ")));
        List<DetectorOption> leftOut = DriftContender.leftOut(settings);
        if (!leftOut.isEmpty()) {
            out.println(
                    "  "
                            + DriftConfig.SIGNAL
                            + " = "
                            + settings.get(DriftConfig.SIGNAL.name())
                            + ": not accepted by "
                            + Key.phrase(leftOut));
        }
        return new DriftTable(contenders);
    }

    private FileStream read(Path path) {
        if (width < 0) {
            throw new UserException("--width " + width + ": must be at least 0");
        }
        FileStream stream =
                FileStream.read(fileOptions.file(path), fields, givenSettings(), 1, null);
        int last = -1;
        for (int at : drifts) {
            if (at <= last || at >= stream.size()) {
                throw new UserException(
                        "--drifts "
                                + at
                                + ": positions must increase, and be less than the "
                                + stream.size()
                                + " rows of the file");
            }
            last = at;
        }
        return stream;
    }

    private LossStream losses(FileStream stream) {
        DriftKind kind =
                drifts.isEmpty()
                        ? DriftKind.STATIONARY
                        : width == 0 ? DriftKind.ABRUPT : DriftKind.GRADUAL;
        return TestThenTrain.run(
                stream,
                learner(stream),
                stream.description(),
                kind,
                drifts.stream().map(at -> new DriftPlan.Change(at, width)).toList());
    }

    /** Returns the settings that the job's learner would have for a stream. */
    private LearnerSettings learner(LabelledStream stream) {
        return JobConfig.parse(settings(stream.settings())).learn().learner();
    }

    /** Returns the settings of a job for a stream, with those of the command line. */
    private Map<String, String> settings(Map<String, String> ofStream) {
        Map<String, String> settings = new HashMap<>(ofStream);
        settings.put(
                "kafka.bootstrap.servers",
                "none:1"); // required by the parser, but never connected to
        settings.putAll(givenSettings());
        return settings;
    }

    /**
     * Returns the settings of the command line, by which features have columns.
     *
     * @throws UserException if they have another encoding: examples are dense here
     */
    private Map<String, String> givenSettings() {
        Map<String, String> settings = new HashMap<>(settingsOptions.read());
        String columns = Key.kebab(FeatureEncoding.COLUMNS);
        String encoding = settings.putIfAbsent(IngestConfig.ENCODING.name(), columns);
        if (encoding != null && !encoding.equalsIgnoreCase(columns)) {
            throw new UserException(
                    IngestConfig.ENCODING.name()
                            + " = "
                            + encoding
                            + ": drift-bench supports "
                            + columns
                            + " only");
        }
        return settings;
    }
}
