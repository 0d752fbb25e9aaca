package io.freshet.local.driftbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.drift.DriftStatus;
import io.freshet.drift.RunningDetector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeriodicDetectorTest {
    @Test
    void alarms_areAtEveryIntervalthValue() {
        RunningDetector detector = new PeriodicDetector(3).start();
        List<Integer> alarms = new ArrayList<>();
        for (int i = 1; i <= 10; i++) {
            if (detector.update(0) == DriftStatus.DRIFT) {
                alarms.add(i);
            }
        }

        assertThat(alarms).containsExactly(3, 6, 9);
    }

    @Test
    void restoredDetector_continues() {
        PeriodicDetector rule = new PeriodicDetector(5);
        RunningDetector detector = rule.start();
        for (int i = 0; i < 23; i++) {
            RunningDetector restored = rule.restore(detector.state());
            assertThat(restored.status()).isEqualTo(detector.status());
            assertThat(restored.statistic()).isEqualTo(detector.statistic());
            assertThat(restored.update(i)).isEqualTo(detector.update(i));
        }
    }

    @Test
    void intervalBelowOne_andUnfitStatesAndValues_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeriodicDetector(0))
                .withMessage("interval must be at least 1, but is 0");
        PeriodicDetector rule = new PeriodicDetector(2);
        assertThatIllegalArgumentException().isThrownBy(() -> rule.restore(new double[] {3}));
        assertThatIllegalArgumentException().isThrownBy(() -> rule.restore(new double[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> rule.start().update(Double.NaN));
    }
}
