package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.Audit;
import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DisplayTest {
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
                .setAudit(new Audit(none, none, none, none))
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
        return new Display(new PrintWriter(new StringWriter()), true, false, 80)
                .picture(curve, 1_000, 1_000, 123);
    }

    @Test
    void pictureOfAMixture_endsWithItsRate_andWhichLeads() {
        List<String> lines =
                picture(
                        metrics(
                                0.0784,
                                new Expert("rate 0.01", 0.01, 0.25, 0L),
                                new Expert("rate 0.1", 0.1, 0.75, 0L)));

        assertThat(lines).last().isEqualTo("  learning rate 0.078 · rate 0.1 leads with 75 %");
    }

    @Test
    void baselineThatLeads_isNamed() {
        assertThat(
                        Display.mixture(
                                metrics(
                                        1,
                                        new Expert("rate 1", 1.0, 0.25, 0L),
                                        new Expert("no-change", null, 0.75, 0L))))
                .contains("learning rate 1 · no-change leads with 75 %");
    }

    @Test
    void pictureOfAFixedRate_saysNothingOfAMixture() {
        assertThat(picture(metrics(0.01, new Expert("rate 0.01", 0.01, 1.0, 0L))))
                .last()
                .isEqualTo("  123 events/s · model version 1,000 · 0 dead letters");
        assertThat(Display.mixture(metrics(0.01))).isEmpty();
        assertThat(Display.mixture(null)).isEmpty();
    }
}
