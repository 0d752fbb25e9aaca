package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.SimulatedResults;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ExpertCombination;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalDisplayTest {
    private static final JobCondition LIVE = new JobCondition(JobState.LIVE, "Live");

    private static final Scores SCORES =
            new Scores(
                    1_000L, 1e3, 0.5, 0.75, 0.5, 0.5, 0.5, 0.5, null, null, null, null, null, null);

    private static MetricsEvent metrics(double learningRate, Expert... experts) {
        Tally none = new Tally(0L, 0L);
        return MetricsEvent.newBuilder()
                .setModelId("m")
                .setSequence(1)
                .setTimestamp(null)
                .setModelVersion(1_000)
                .setExamplesSeen(1_000)
                .setAudit(new io.freshet.schemas.Audit(none, none, none, none))
                .setIgnoredByReason(Map.of())
                .setDeadLettersByReason(Map.of())
                .setOffsets(List.of())
                .setWindowSize(1_000)
                .setRolling(SCORES)
                .setPrequential(SCORES)
                .setLearningRate(learningRate)
                .setSkippedSteps(0)
                .setExperts(List.of(experts))
                .build();
    }

    private static List<String> picture(MetricsEvent event) {
        LearningCurve curve = new LearningCurve("m");
        curve.add(event);
        return new TerminalDisplay(new PrintWriter(new StringWriter()), true, false, 80)
                .picture(curve, 1_000, 1_000, 123);
    }

    @Test
    void displayOfAMixture_endsWithItsLearningRateAndDominantExpert() {
        List<String> lines =
                picture(
                        metrics(
                                0.0784,
                                new Expert("rate 0.01", 0.01, 0.25, 0L, null, null, null),
                                new Expert("rate 0.1", 0.1, 0.75, 0L, null, null, 0.25)));

        assertThat(lines)
                .last()
                .isEqualTo(
                        "  learning rate 0.078 · largest weight: rate 0.1, 75 %, recent loss"
                                + " 0.250");
    }

    @Test
    void displayOfAnEnsemble_endsWithTheLargestStackWeights() {
        MetricsEvent event =
                metrics(
                        0.01,
                        new Expert("rate 0.01", 0.01, 0.25, 0L, -0.75, 0.0, 0.5),
                        new Expert("ferns, forgetting", null, 0.25, 0L, 0.125, 0.0, 0.375),
                        new Expert("ferns", null, 0.25, 0L, 0.5, 0.0, null),
                        new Expert("nearest of 1024", null, 0.25, 0L, 1.25, 0.0, 0.625));
        event.setCombinations(List.of(new ExpertCombination("stack", 1.0, 0.25)));

        assertThat(picture(event))
                .endsWith(
                        "  largest stack weights (recent loss): nearest of 1024 +1.25 (0.625)",
                        "  rate 0.01 -0.75 (0.500) · ferns +0.50");
        assertThat(TerminalDisplay.experts(event))
                .allMatch(line -> TerminalText.columns(line) <= 80)
                .hasSize(2);
    }

    @Test
    void display_namesAGpu_andNotTheCpu() {
        MetricsEvent event = metrics(1);
        List<String> unknown = picture(event);
        event.setDevice("CPU");
        assertThat(picture(event)).isEqualTo(unknown);

        event.setDevice("CUDA: \u001b[2JNVIDIA H200");
        assertThat(picture(event))
                .hasSize(unknown.size() + 1)
                .last()
                .isEqualTo("  learns on CUDA: \ufffd[2JNVIDIA H200");
    }

    @Test
    void displayOfSeveralModels_namesTheirGpusOnce() {
        StringWriter screen = new StringWriter();
        TerminalDisplay redrawn = new TerminalDisplay(new PrintWriter(screen), true, false, 80);
        LearningCurves curves = new LearningCurves();
        for (String id : List.of("shop", "web", "app")) {
            MetricsEvent event = metrics(0.01);
            event.setModelId(id);
            event.setDevice(id.equals("app") ? "CPU" : "CUDA: NVIDIA H200");
            curves.add(event);
        }

        redrawn.show(curves, 2_000, 2_000, 123);
        assertThat(screen.toString()).containsOnlyOnce("learns on CUDA: NVIDIA H200\n");
        redrawn.showWatched(curves.all(), List.of(), LIVE);

        assertThat(screen.toString().split("learns on CUDA: NVIDIA H200\n", -1)).hasSize(3);
    }

    @Test
    void dominantBaseline_isNamed() {
        assertThat(
                        TerminalDisplay.experts(
                                metrics(
                                        1,
                                        new Expert("rate 1", 1.0, 0.25, 0L, null, null, null),
                                        new Expert("no-change", null, 0.75, 0L, null, null, null))))
                .containsExactly("  learning rate 1 · largest weight: no-change, 75 %");
    }

    @Test
    void nameOfTheDominantExpert_isPrintedWithoutControlCharacters() {
        assertThat(
                        TerminalDisplay.experts(
                                metrics(
                                        1,
                                        new Expert(
                                                "\u001b[2Jevil", 1.0, 0.75, 0L, null, null, null),
                                        new Expert("no-change", null, 0.25, 0L, null, null, null))))
                .containsExactly("  learning rate 1 · largest weight: \ufffd[2Jevil, 75 %");
    }

    @Test
    void summaryTable_isPrintedWithoutControlCharacters() {
        MetricsEvent event = metrics(1);
        event.setModelId("\u001b[2Jevil");
        TopicAudit audit = new TopicAudit();
        audit.metrics(event);
        StringWriter out = new StringWriter();

        SummaryTable.print(new PrintWriter(out), RunSummary.of(audit, 1), audit);

        assertThat(out.toString())
                .contains("✗ the metrics sequence is complete")
                .contains("model \"\ufffd[2Jevil\": 1 instead of 0")
                .doesNotContain("\u001b");
        assertThat(out.toString().lines()).allMatch(line -> TerminalText.columns(line) <= 80);
    }

    @Test
    void summaryTable_hasTheBalancedAccuracy() {
        MetricsEvent event = metrics(1);
        event.setPrequential(Scores.newBuilder(SCORES).setBalancedAccuracy(0.625).build());
        TopicAudit audit = new TopicAudit();
        audit.metrics(event);
        StringWriter out = new StringWriter();

        SummaryTable.print(new PrintWriter(out), RunSummary.of(audit, 1), audit);

        assertThat(out.toString().lines())
                .contains(
                        "                        model   no-change    majority",
                        "  accuracy             0.7500      0.5000      0.5000",
                        "  balanced accuracy    0.6250");
    }

    @Test
    void summaryOfSeveralModels_hasALineForEach() {
        TopicAudit audit = new TopicAudit();
        for (String id : List.of("b", "模型".repeat(20), "\u001b[2Jevil", "")) {
            MetricsEvent event = metrics(0.01);
            event.setModelId(id);
            event.setSequence(0);
            audit.metrics(event);
        }
        RunSummary summary = RunSummary.of(audit, 1);
        StringWriter out = new StringWriter();

        SummaryTable.print(new PrintWriter(out), summary, audit);

        assertThat(out.toString())
                .contains("  b                        1,000    0.7500    0.5000    0.5000")
                .contains("  \ufffd[2Jevil ")
                .contains("  模型模型模型模型… ")
                .contains("· 3 models")
                .doesNotContain("\u001b");
        assertThat(out.toString().lines()).allMatch(line -> TerminalText.columns(line) <= 80);
        assertThat(summary.accuracy()).isNull();
        assertThat(summary.modelVersion()).isNull();
        assertThat(summary.models().get("b").accuracy()).isEqualTo(0.75);
    }

    @Test
    void displayOfARun_showsTheModelsThatOccur() {
        StringWriter text = new StringWriter();
        StringWriter screen = new StringWriter();
        TerminalDisplay plain = new TerminalDisplay(new PrintWriter(text), false, false, 100);
        TerminalDisplay redrawn = new TerminalDisplay(new PrintWriter(screen), true, false, 80);
        LearningCurves curves = new LearningCurves();
        for (String id : List.of("", "shop", "web")) {
            MetricsEvent event = metrics(0.01);
            event.setModelId(id);
            event.getAudit().setDeadLetters(new Tally(2L, 1L));
            curves.add(event);
            plain.show(curves, 2_000, 2_000, 123);
            redrawn.show(curves, 2_000, 2_000, 123);
        }

        assertThat(text.toString().lines())
                .containsExactly(
                        "  examples    loss accuracy no-change majority  events/s    version dead"
                                + " letters",
                        "     1,000  0.5000   0.7500    0.5000   0.5000       123      1,000"
                                + "            4",
                        "    examples    loss accuracy no-change majority      version drifts "
                                + " model",
                        "       1,000  0.5000   0.7500    0.5000   0.5000        1,000      0 "
                                + " shop",
                        "       1,000  0.5000   0.7500    0.5000   0.5000        1,000      0 "
                                + " web");
        assertThat(screen.toString())
                .contains("0 of 2,000 trained on, all sent")
                .contains("1,000 of 2,000 trained on, all sent")
                .contains("2,000 of 2,000 trained on, all sent")
                .contains("123 events/s · 6 dead letters");
        assertThat(curves.examplesSeen()).isEqualTo(2_000);
    }

    /** An incomplete run has the longest lines: each failed check shows two counts and digests. */
    @Test
    void summaryOfAnIncompleteRun_hasLinesOfAtMostEightyColumns() {
        MetricsEvent event = metrics(0.01);
        Tally million = new Tally(1_000_000L, -1L);
        event.setAudit(new io.freshet.schemas.Audit(million, million, million, million));
        TopicAudit audit = new TopicAudit();
        audit.metrics(event);
        StringWriter out = new StringWriter();

        SummaryTable.print(new PrintWriter(out), RunSummary.of(audit, 1), audit);

        assertThat(out.toString())
                .contains("✗ every event is counted once (digest)")
                .contains("0 (0000000000000000) of 1,000,000\n" + " ".repeat(41) + "(ffffffff");
        assertThat(out.toString().lines()).allMatch(line -> TerminalText.columns(line) <= 80);
    }

    @Test
    void lineOfARun_hasAtMostEightyColumns() {
        SimulatedResults results =
                new SimulatedResults(5, "m", List.of("a", "b"), List.of(500L), 0, 1_000);
        LearningCurve curve = new LearningCurve("m");
        curve.add(results.metrics(99));
        StringWriter out = new StringWriter();
        TerminalDisplay display = new TerminalDisplay(new PrintWriter(out), false, false, 100);

        display.show(curve, 50_000, 50_000, 1_234_567);
        new TerminalDisplay(new PrintWriter(out), false, false, 100).printWatched(List.of(curve));

        assertThat(out.toString().lines())
                .hasSize(4)
                .allMatch(line -> TerminalText.columns(line) <= 80);
    }

    @Test
    void longText_isBrokenAtSpaces() {
        assertThat(TerminalText.wrapped("one two three", 7)).containsExactly("one two", "three");
        assertThat(TerminalText.wrapped("one 模型模型模型", 7)).containsExactly("one", "模型模", "型模型");
        assertThat(TerminalText.wrapped("", 7)).containsExactly("");
    }

    /** Tries every width, since a line that is cut at one width may be cut wrongly at another. */
    @Test
    void redrawnLine_neverWraps() {
        SimulatedResults results =
                new SimulatedResults(
                        5, "模型 модель 모델 🦆 é", List.of("上", "下"), List.of(500L), 0, 1_000);
        SimulatedResults other =
                new SimulatedResults(6, "m".repeat(200), List.of("a", "b"), List.of(), 0, 1_000);
        LearningCurve curve = new LearningCurve(results.metrics(0).getModelId());
        LearningCurve second = new LearningCurve(other.metrics(0).getModelId());
        for (int i = 0; i < 50; i++) {
            curve.add(results.metrics(i));
            second.add(other.metrics(i));
        }
        List<String> alerts = List.of(TerminalReporter.alertLine(results.alert(0)));
        for (int width = 10; width <= 120; width++) {
            for (boolean colours : new boolean[] {true, false}) {
                StringWriter out = new StringWriter();
                TerminalDisplay display =
                        new TerminalDisplay(new PrintWriter(out), true, colours, width);
                display.show(curve, 1_000_000, 1_000_000, 123_456);
                display.show(new LearningCurve("none"), 0, 1_000_000, 0);
                display.showWatched(List.of(curve), alerts, LIVE);
                display.showWatched(List.of(curve, second), alerts, LIVE);

                for (String line : out.toString().lines().toList()) {
                    assertThat(TerminalText.columns(line.replaceAll("\u001b\\[[0-9]*[AJK]", "")))
                            .as("%s columns of %s", line, width)
                            .isLessThanOrEqualTo(width);
                }
            }
        }
    }

    @Test
    void displayOfTwentyColumns_hasOneValueALine() {
        LearningCurve curve = new LearningCurve("m");
        curve.add(metrics(0.01, new Expert("rate 0.01", 0.01, 1.0, 0L, null, null, null)));

        assertThat(
                        new TerminalDisplay(new PrintWriter(new StringWriter()), true, false, 20)
                                .picture(curve, 1_000, 1_000, 123))
                .containsExactly(
                        "██████████",
                        "1,000 of 1,000 trained on, all sent",
                        "",
                        "accuracy    0.750",
                        "no-change   0.500",
                        "majority    0.500",
                        "loss        0.500 nats",
                        "",
                        "123 events/s",
                        "model version 1,000",
                        "0 dead letters");
    }

    @Test
    void longText_isTruncatedWithAnEllipsis_countingWideCharactersTwice() {
        assertThat(TerminalText.fit("abcdef", 6)).isEqualTo("abcdef");
        assertThat(TerminalText.fit("abcdefg", 6)).isEqualTo("abcde…");
        assertThat(TerminalText.fit("\u001b[32mabcdefg\u001b[0mh", 6))
                .isEqualTo("\u001b[32mabcde…\u001b[0m");
        assertThat(TerminalText.columns("模型ｱ모델🦆e\u0301")).isEqualTo(4 + 1 + 4 + 2 + 1);
        assertThat(TerminalText.fit("模型模型", 7)).isEqualTo("模型模…");
        assertThat(TerminalText.fit("模型模型", 6)).isEqualTo("模型…");
    }

    @Test
    void displayOfAFixedRate_doesNotMentionAMixture() {
        assertThat(picture(metrics(0.01, new Expert("rate 0.01", 0.01, 1.0, 0L, null, null, null))))
                .last()
                .isEqualTo("  123 events/s · model version 1,000 · 0 dead letters");
        assertThat(TerminalDisplay.experts(metrics(0.01))).isEmpty();
        assertThat(TerminalDisplay.experts(null)).isEmpty();
    }
}
