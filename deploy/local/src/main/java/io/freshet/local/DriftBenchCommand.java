package io.freshet.local;

import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.UserException;
import io.freshet.local.driftbench.DriftContender;
import io.freshet.local.driftbench.DriftKind;
import io.freshet.local.driftbench.DriftPlan;
import io.freshet.local.driftbench.DriftSuite;
import io.freshet.local.driftbench.DriftTable;
import io.freshet.local.driftbench.LossStream;
import io.freshet.local.driftbench.TestThenTrain;
import io.freshet.local.stream.CsvStream;
import io.freshet.local.stream.LabelledStream;
import io.freshet.model.LearnerSettings;
import io.freshet.pipeline.JobConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Command {@code freshet drift-bench}: compares the drift detectors on a seeded suite of streams
 * with known drifts, or on a file with given ones. The learner runs without Flink and Kafka.
 */
@Command(
        name = "drift-bench",
        mixinStandardHelpOptions = true,
        description = "Compares the drift detectors on streams with known drifts.")
final class DriftBenchCommand implements Callable<Integer> {
    /** Default first seed; the detectors' parameters were tuned on seeds 1 to 8. */
    static final String FIRST_SEED = "1001";

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = FIRST_SEED,
            description =
                    "First seed of the suite (default: ${DEFAULT-VALUE}; the parameters were tuned"
                            + " on seeds 1 to 8).")
    private long firstSeed;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Number of consecutive seeds (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "A CSV file with a header, plain or gzipped (.gz), instead of the suite; every"
                            + " column except the label is a numeric feature.")
    private @Nullable Path csv;

    @Option(names = "--label", paramLabel = "COLUMN", description = "Label column of the CSV file.")
    private @Nullable String label;

    @Option(
            names = "--drifts",
            paramLabel = "N",
            split = ",",
            description =
                    "Positions of the drifts in the file, in labelled examples counted from 0"
                            + " (default: none).")
    private List<Integer> drifts = List.of();

    @Option(
            names = "--width",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Number of examples over which each drift of the file extends (default:"
                            + " ${DEFAULT-VALUE}).")
    private int width;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        DriftTable table = new DriftTable(DriftContender.all());
        if (csv == null) {
            if (label != null || !drifts.isEmpty()) {
                throw new UserException("--label and --drifts need --csv");
            }
            if (seeds < 1) {
                throw new UserException("--seeds " + seeds + ": must be at least 1");
            }
            out.println("  Seeds " + firstSeed + " to " + (firstSeed + seeds - 1));
            for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
                DriftSuite.streams(seed, this::learner).forEach(table::add);
            }
        } else {
            table.add(file(csv));
        }
        table.print(out);
        return 0;
    }

    private LossStream file(Path path) {
        if (label == null) {
            throw new UserException("--csv needs --label, the name of the label column");
        }
        if (width < 0) {
            throw new UserException("--width " + width + ": must be at least 0");
        }
        List<DriftPlan.Change> changes = new ArrayList<>();
        CsvStream stream = new CsvStream(path, label);
        int last = -1;
        for (int at : drifts) {
            if (at <= last || at >= stream.size()) {
                throw new UserException(
                        "--drifts "
                                + at
                                + ": positions must increase, and be less than the "
                                + stream.size()
                                + " examples of the file");
            }
            changes.add(new DriftPlan.Change(at, width));
            last = at;
        }
        DriftKind kind =
                drifts.isEmpty()
                        ? DriftKind.STATIONARY
                        : width == 0 ? DriftKind.ABRUPT : DriftKind.GRADUAL;
        return TestThenTrain.run(stream, learner(stream), stream.description(), kind, changes);
    }

    /** Returns the settings that the job's learner would have for a stream. */
    private LearnerSettings learner(LabelledStream stream) {
        Map<String, String> settings = new HashMap<>();
        settings.put("num-features", Integer.toString(stream.numFeatures()));
        settings.put("classes", String.join(",", stream.classes()));
        settings.put(
                "kafka.bootstrap.servers",
                "none:1"); // required by the parser, but never connected to
        settings.putAll(settingsOptions.read());
        return JobConfig.parse(settings).learn().learner();
    }
}
