package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CoolDownTest {
    @Test
    void restingDetector_looksAtNothing_thenStartsAfresh() {
        // Every third value is an alarm, five are rested over: 3, then 3 + 5 + 3, and so on.
        DetectedDrifts found =
                DetectedDrifts.by(
                        new CoolDown(new PeriodicDetector(3), 5), SampleStreams.constant(30, 0));
        assertThat(found.drifts()).containsExactly(2, 10, 18, 26);
    }

    @Test
    void testAfterTheRest_isANewOne() {
        double[] stream = SampleStreams.losses(1, 2000, 0.2, 1, 5);
        CoolDown coolDown = new CoolDown(Adwin.DEFAULT, 500);
        RunningDetector test = coolDown.start();
        int i = 0;
        while (test.update(stream[i++]) != DriftStatus.DRIFT) {}
        RunningDetector fresh = Adwin.DEFAULT.start();
        for (int rest = 0; rest < 500; rest++) {
            assertThat(test.update(stream[i++])).isEqualTo(DriftStatus.STABLE);
        }
        double[] later = Arrays.copyOfRange(stream, i, stream.length);
        assertThat(DetectedDrifts.by(test, later).drifts().get(0))
                .isEqualTo(DetectedDrifts.by(fresh, later).drifts().get(0));
    }
}
