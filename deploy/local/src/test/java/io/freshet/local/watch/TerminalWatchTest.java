package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.Mutants;
import io.freshet.local.ToldStory;
import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalWatchTest {
    private static final FeedState LIVE = new FeedState(FeedState.Kind.LIVE, "");

    private final StringWriter out = new StringWriter();

    private TerminalWatch watch(boolean interactive, String only) {
        return new TerminalWatch(new Display(new PrintWriter(out), interactive, false, 80), only);
    }

    private static ToldStory story(String modelId) {
        return new ToldStory(5, modelId, List.of("a", "b"), List.of(500L), 0, 1_000);
    }

    @Test
    void alert_isALine_withWhatChangedAndWhichClassesBroke() {
        assertThat(TerminalWatch.line(story("m").alert(0)))
                .isEqualTo(
                        "drift 1 of m at 680 learnt, by adwin: accuracy 0.8600 to 0.4700, loss"
                                + " 0.4200 to 1.6100; broke a (recall 0.88 to 0.07), b (recall"
                                + " 0.88 to 0.31); reaction none");
    }

    @Test
    void alertWithNothingButWhatItMustHave_isALine() {
        var alert = story("m").alert(0);
        alert.setBefore(null);
        alert.setAfter(null);
        alert.setClasses(List.of());

        assertThat(TerminalWatch.line(alert))
                .isEqualTo("drift 1 of m at 680 learnt, by adwin; reaction none");
    }

    @Test
    void idWithCommandsForATerminal_isPrintedWithoutThem() {
        TerminalWatch watch = watch(false, null);

        watch.metrics(story("\u001b[2Jevil\u202e\n").metrics(0), 0);
        watch.state(LIVE);

        assertThat(out.toString()).doesNotContain("\u001b").doesNotContain("\u202e");
        assertThat(out.toString().lines()).hasSize(2);
        assertThat(out.toString()).contains("\ufffd[2Jevil\ufffd\ufffd");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eventsOfChangedRecords_areAllPrinted(boolean interactive) throws Exception {
        TerminalWatch watch = watch(interactive, null);
        ToldStory story = story("m");
        int told = 0;
        for (MetricsEvent event : Mutants.of(story.metrics(3), 1, 2_000)) {
            watch.metrics(event, told++);
            watch.state(LIVE);
        }
        for (DriftAlertEvent event : Mutants.of(story.alert(0), 2, 1_000)) {
            watch.driftAlert(event, told++);
        }
        assertThat(told).isGreaterThan(500);
        assertThat(out.toString().lines()).allMatch(line -> !interactive || columnsOf(line) <= 80);
    }

    private static int columnsOf(String line) {
        return TerminalText.columns(line.replaceAll("\u001b\\[[0-9]*[AJK]", ""));
    }

    @Test
    void learningRateThatIsNoNumber_isToldAsSuch() {
        MetricsEvent event = story("m").metrics(3);
        event.setLearningRate(Double.NaN);
        TerminalWatch watch = watch(true, null);

        watch.metrics(event, 0);
        watch.state(LIVE);

        assertThat(out.toString()).contains("learning rate NaN · ");
    }

    @Test
    void whatIsTold_isPrintedWithoutCommandsForATerminal() {
        TerminalWatch watch = watch(false, null);

        watch.state(new FeedState(FeedState.Kind.WAITING, "not\u001b[2J there\u2028yet"));
        watch.unreadable("metrics\u0007");

        assertThat(out.toString())
                .isEqualTo(
                        "not\ufffd[2J there\ufffdyet\na record of metrics\ufffd cannot be read; the"
                                + " log says which\n");
    }

    @Test
    void oneModel_isAPicture_withItsAlertsBelow() {
        TerminalWatch watch = watch(true, "m");
        for (int i = 0; i < 4; i++) {
            watch.metrics(story("m").metrics(i), i);
            watch.metrics(story("other").metrics(i), i);
        }
        watch.driftAlert(story("m").alert(0), 0);

        watch.state(LIVE);

        assertThat(out.toString())
                .contains("2,000 learnt · 1 drift · model m")
                .contains("accuracy")
                .contains("drift 1 of m at 680")
                .doesNotContain("other");
        assertThat(out.toString().lines()).allMatch(line -> line.length() < 80 + 8);
    }

    @Test
    void severalModels_areALineEach() {
        TerminalWatch watch = watch(true, null);
        watch.metrics(story("m").metrics(0), 0);
        watch.metrics(story("other").metrics(1), 1);

        watch.state(LIVE);

        assertThat(out.toString().lines()).hasSize(3).last().asString().endsWith("other");
    }
}
