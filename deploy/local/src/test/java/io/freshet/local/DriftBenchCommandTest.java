package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DriftBenchCommandTest {
    private static final List<DriftContender> CONTENDERS = DriftContender.all();

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
            if (name.startsWith("dummy") || name.contains("MOA")) {
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
                .containsPattern(" 1 robust-cusum +error +[0-9.]+ ")
                .containsPattern(" 1 robust-cusum +[0-9]+ \\(0\\)");
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
        assertRefused("--label and --drifts need --csv", "--drifts", "5");
        assertRefused("--csv needs --label", "--csv", file.toString());
        assertRefused("--seeds 0: must be at least 1", "--seeds", "0");
        assertRefused(
                "--drifts 10: positions must increase, and be less than the 10 examples",
                "--csv",
                file.toString(),
                "--label",
                "y",
                "--drifts",
                "3,10");
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
