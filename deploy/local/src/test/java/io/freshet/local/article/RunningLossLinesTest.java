package io.freshet.local.article;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.RunningLoss;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunningLossLinesTest {
    @Test
    void lines_haveTheFormOfTheTutorial_andTheEpochOfTheLastImage() {
        MetricsEvent event = new MetricsEvent();
        event.setRunningLosses(
                List.of(
                        new RunningLoss(200L, 1.0891),
                        new RunningLoss(1_562L, 0.7),
                        new RunningLoss(1_563L, 12.34567)));

        assertThat(new RunningLossLines(50_000, 32).of(event))
                .containsExactly(
                        "[1,   200] loss: 1.089",
                        "[1,  1562] loss: 0.700",
                        "[2,  1563] loss: 12.346");
    }

    @Test
    void lastMiniBatchOfAnEpoch_belongsToIt() {
        MetricsEvent event = new MetricsEvent();
        event.setRunningLosses(List.of(new RunningLoss(2L, 1.0), new RunningLoss(3L, 1.0)));

        assertThat(new RunningLossLines(64, 32).of(event))
                .containsExactly("[1,     2] loss: 1.000", "[2,     3] loss: 1.000");
    }
}
