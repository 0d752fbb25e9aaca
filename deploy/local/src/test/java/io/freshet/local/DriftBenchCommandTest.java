package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Key;
import io.freshet.drift.Adwin;
import io.freshet.drift.CoolDown;
import io.freshet.learn.drift.DetectorOption;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.driftbench.DriftContender;
import io.freshet.local.driftbench.DriftKind;
import io.freshet.local.driftbench.DriftScore;
import io.freshet.local.driftbench.DriftSuite;
import io.freshet.local.driftbench.DriftTable;
import io.freshet.local.stream.LabelledStream;
import io.freshet.model.LearnerSettings;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DriftBenchCommandTest {
    private static final Map<String, String> SETTINGS =
            Map.of("num-features", "1", "classes", "a,b", "kafka.bootstrap.servers", "none:1");

    private static final List<DriftContender> CONTENDERS = DriftContender.all(SETTINGS);

    private static final DriftTable TABLE = new DriftTable(CONTENDERS);

    @BeforeAll
    static void runTheSuite() {
        // A seed that no parameter was tuned on.
        DriftSuite.streams(2001, DriftBenchCommandTest::learner).forEach(TABLE::add);
    }

    private static LearnerSettings learner(LabelledStream stream) {
        int classes = stream.classes().size();
        return new LearnerSettings(
                stream.numFeatures(),
                classes,
                1,
                new CrossEntropy(classes),
                new Sgd(1, 0),
                new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                MiniBatchReduction.EXAMPLES,
                new Standardization(),
                10);
    }

    @Test
    void defaultDetector_findsEveryAbruptDrift_withinThreeHundredExamples() {
        DriftScore abrupt = TABLE.total(0, DriftKind.ABRUPT);
        assertThat(abrupt.drifts()).isEqualTo(9);
        assertThat(abrupt.missed()).isZero();
        assertThat(abrupt.meanDelay()).isLessThan(300);
    }

    @Test
    void defaultDetector_hasAtMostOneFalseAlarmInAHundredThousandExamples() {
        assertThat(TABLE.total(0).falseAlarms()).isLessThanOrEqualTo(0.1);
        assertThat(TABLE.total(0, DriftKind.STATIONARY).falseAlarms()).isLessThanOrEqualTo(0.1);
    }

    @Test
    void defaultDetector_beatsTheDummyAndMoasDefaults() {
        for (int i = 0; i < CONTENDERS.size(); i++) {
            String name = CONTENDERS.get(i).name();
            if (name.startsWith("every") || name.contains("MOA")) {
                assertThat(TABLE.total(i).f1()).as(name).isLessThan(TABLE.total(0).f1());
            }
        }
    }

    @Test
    void fileWithAGivenDrift_printsTheTable(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("s.csv"), turning(4_000, 2_500));

        StringWriter out = new StringWriter();
        int code = execute(out, "--csv", file.toString(), "--label", "y", "--drifts", "2500");

        assertThat(code).isZero();
        assertThat(out.toString())
                .contains("1 streams, 4,000 examples, 1 drifts")
                .contains("drift.detector = robust-cusum, burst-cusum")
                .containsPattern(" 1 drift.detector error, loss +[0-9.]+ ")
                .containsPattern(" 2 robust-cusum +[0-9]+ \\(0\\)");
    }

    @Test
    void rowsWithoutALabel_doNotMoveTheDrift(@TempDir Path directory) throws IOException {
        Path all = Files.writeString(directory.resolve("all.csv"), turning(4_000, 2_500));
        StringBuilder text = new StringBuilder("x,y\n");
        int at = 0;
        for (String line : Files.readAllLines(all).subList(1, 4_001)) {
            text.append(line).append('\n');
            if (++at <= 2_000) {
                text.append("0.5,\n");
            }
        }
        Path some = Files.writeString(directory.resolve("some.csv"), text);

        StringWriter expected = new StringWriter();
        execute(expected, "--csv", all.toString(), "--label", "y", "--drifts", "2500");
        StringWriter out = new StringWriter();
        execute(out, "--csv", some.toString(), "--label", "y", "--drifts", "4500");

        assertThat(out).hasToString(expected.toString());
    }

    @Test
    void contenders_haveTheParametersOfTheJob() {
        DriftConfig job = JobConfig.parse(SETTINGS).learn().drift();
        assertThat(CONTENDERS.get(0).config()).isEqualTo(job);
        for (DetectorOption option : DetectorOption.values()) {
            Map<String, String> settings = new HashMap<>(SETTINGS);
            settings.put("drift.detector", Key.kebab(option));
            assertThat(CONTENDERS)
                    .contains(
                            new DriftContender(
                                    Key.kebab(option), JobConfig.parse(settings).learn().drift()));
        }
    }

    @Test
    void settings_changeTheContenders(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("s.csv"), turning(2_000, 1_000));
        StringWriter out = new StringWriter();

        int code =
                execute(
                        out,
                        "--csv",
                        file.toString(),
                        "--label",
                        "y",
                        "--set",
                        "drift.detector=adwin",
                        "--set",
                        "drift.adwin.delta=0.5",
                        "--set",
                        "drift.signal=loss");

        assertThat(code).isZero();
        assertThat(out.toString())
                .contains("drift.detector = adwin")
                .contains("drift.signal = loss: not accepted by ddm, eddm, hddm-a and hddm-w")
                .containsPattern(" 1 drift.detector loss ")
                .containsPattern(" adwin +loss ")
                .doesNotContainPattern(" ddm +error");
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put("drift.adwin.delta", "0.5");
        assertThat(DriftContender.all(settings))
                .filteredOn(contender -> contender.name().equals("adwin"))
                .flatExtracting(contender -> contender.config().detectors())
                .extracting(DriftConfig.Detector::detector)
                .containsExactly(new CoolDown(new Adwin(0.5, 32, true), 1000));
    }

    @Test
    void tables_haveAtMostEightyColumns() {
        StringWriter out = new StringWriter();

        TABLE.print(new PrintWriter(out, true));

        assertThat(out.toString())
                .contains("F1 by family of streams")
                .containsPattern("abrupt +partial +gradual +incremental +recurring");
        assertThat(out.toString().lines()).allMatch(line -> TerminalText.columns(line) <= 80);
    }

    /** Two classes, distinguished by the sign of one feature, that exchange places. */
    private static String turning(int size, int drift) {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder("x,y\n");
        for (int i = 0; i < size; i++) {
            double x = random.nextGaussian();
            text.append(x).append(',').append((x > 0) == (i < drift) ? "up" : "down").append('\n');
        }
        return text.toString();
    }

    @Test
    void contradictoryOptions_areRefused(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("s.csv"), turning(10, 5));
        assertRefused("--label, --drifts and other options of a file need --file", "--drifts", "5");
        assertRefused("--seeds 0: must be at least 1", "--seeds", "0");
        assertRefused(
                "--drifts 10: positions must increase, and be less than the 10 rows",
                "--csv",
                file.toString(),
                "--label",
                "y",
                "--drifts",
                "3,10");
    }

    @Test
    void wideLibsvmFile_isLearntDense(@TempDir Path directory) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= 1001; i++) {
            text.append(i % 2 == 0 ? "+1 " : "-1 ").append(i).append(":1\n");
        }
        String file = Files.writeString(directory.resolve("f.libsvm"), text).toString();
        StringWriter out = new StringWriter();

        assertThat(execute(out, "--file", file)).as(out.toString()).isZero();
        assertThat(out.toString()).contains("1 streams, 1,001 examples, 0 drifts");
        assertRefused(
                "features.encoding = hashed: drift-bench supports columns only",
                "--file",
                file,
                "--set",
                "features.encoding=hashed");
    }

    private static void assertRefused(String message, String... options) {
        StringWriter err = new StringWriter();
        assertThat(execute(err, options)).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    private static int execute(StringWriter output, String... options) {
        CommandLine command = Freshet.commandLine();
        command.setOut(new PrintWriter(output, true));
        command.setErr(new PrintWriter(output, true));
        String[] arguments = new String[options.length + 1];
        arguments[0] = "drift-bench";
        System.arraycopy(options, 0, arguments, 1, options.length);
        return command.execute(arguments);
    }
}
