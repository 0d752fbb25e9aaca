package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CoolDownTest {
    @Test
    void valuesInTheCoolDown_areIgnored_thenTheDetectorRestarts() {
        // Every third value is an alarm, and five values are ignored after each: the alarms are at
        // the values 3, 3 + 5 + 3, and so on.
        DetectedDrifts detected =
                DetectedDrifts.by(
                        new CoolDown(new PeriodicDetector(3), 5), SampleStreams.constant(30, 0));
        assertThat(detected.drifts()).containsExactly(2, 10, 18, 26);
    }

    @Test
    void detectorAfterTheCoolDown_isANewOne() {
        double[] stream = SampleStreams.losses(1, 2000, 0.2, 1, 5);
        CoolDown coolDown = new CoolDown(Adwin.MOA, 500);
        RunningDetector running = coolDown.start();
        int i = 0;
        while (running.update(stream[i++]) != DriftStatus.DRIFT) {}
        RunningDetector fresh = Adwin.MOA.start();
        for (int ignored = 0; ignored < 500; ignored++) {
            assertThat(running.update(stream[i++])).isEqualTo(DriftStatus.STABLE);
        }
        double[] later = Arrays.copyOfRange(stream, i, stream.length);
        assertThat(DetectedDrifts.by(running, later).drifts().get(0))
                .isEqualTo(DetectedDrifts.by(fresh, later).drifts().get(0));
    }
}
