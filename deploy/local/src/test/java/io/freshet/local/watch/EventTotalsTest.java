package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.SimulatedResults;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Tally;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventTotalsTest {
    private static MetricsEvent metrics(
            String modelId, long accepted, long unlabelled, long ignored, long deadLetters) {
        MetricsEvent event =
                new SimulatedResults(5, modelId, List.of("a", "b"), List.of(), 0, 1_000).metrics(0);
        event.getAudit().setAccepted(new Tally(accepted, 0L));
        event.getAudit().setUnlabelled(new Tally(unlabelled, 0L));
        event.getAudit().setIgnored(new Tally(ignored, 0L));
        event.getAudit().setDeadLetters(new Tally(deadLetters, 0L));
        event.setIgnoredByReason(ignored == 0 ? Map.of() : Map.of("ZERO_WEIGHT", ignored));
        event.setDeadLettersByReason(
                deadLetters == 0 ? Map.of() : Map.of("TRUNCATED", deadLetters));
        event.setDrifts(1L);
        return event;
    }

    @Test
    void newestRecordsOfAllModels_areAddedUp() {
        EventTotals totals = new EventTotals();
        totals.onMetrics(metrics("m", 1, 1, 1, 1), 0);
        totals.onMetrics(metrics("m", 1000, 20, 3, 0), 1);
        totals.onMetrics(metrics("n", 500, 0, 4, 5), 2);
        totals.onMetrics(metrics("", 0, 0, 0, 6), 3);

        assertThat(totals.lines())
                .containsExactly(
                        "1,500 accepted · 20 unlabelled · 7 ignored · 11 dead letters",
                        "ignored: 7 ZERO_WEIGHT",
                        "dead letters: 11 TRUNCATED",
                        "3 drifts");
        assertThat(totals.usable()).isEqualTo(1520);
        assertThat(totals.events()).isEqualTo(1538);
    }

    @Test
    void noEvents_areNoneOfAnyKind() {
        assertThat(new EventTotals().lines())
                .containsExactly(
                        "0 accepted · 0 unlabelled · 0 ignored · 0 dead letters", "0 drifts");
        assertThat(new EventTotals().events()).isZero();
    }
}
