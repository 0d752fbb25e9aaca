package io.freshet.local.driftbench;

import io.freshet.drift.Adwin;
import io.freshet.drift.CoolDown;
import io.freshet.drift.Cusum;
import io.freshet.drift.Ddm;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.Eddm;
import io.freshet.drift.HddmA;
import io.freshet.drift.HddmW;
import io.freshet.drift.Kswin;
import io.freshet.drift.PageHinkley;
import io.freshet.drift.RobustCusum;
import io.freshet.drift.RunningDetector;
import io.freshet.drift.Signal;
import java.util.ArrayList;
import java.util.List;

/**
 * Configured drift detector that takes part in the benchmark, with the signal that it monitors.
 *
 * @param name name in the table
 * @param signal signal that it monitors
 * @param detector detector, with its cool-down
 */
public record DriftContender(String name, Signal signal, DriftDetector detector) {
    private static final int COOL_DOWN = 1000;

    public DriftContender {
        if (!detector.domain().includes(signal.domain())) {
            throw new IllegalArgumentException(
                    name
                            + ": the detector's domain "
                            + detector.domain()
                            + " does not include the values of the signal "
                            + signal);
        }
    }

    /**
     * Returns all detectors of the benchmark: each method with the parameters that scored best on
     * seeds 1 to 8 of the suite and a cool-down of 1,000 examples after an alarm; the periodic
     * baseline; and ADWIN and DDM with MOA's defaults. The first is the job's default.
     */
    public static List<DriftContender> all() {
        return List.of(
                withCoolDown("robust-cusum", Signal.ERROR, RobustCusum.DEFAULT),
                withCoolDown("robust-cusum", Signal.LOSS, RobustCusum.DEFAULT),
                withCoolDown("adwin", Signal.ERROR, new Adwin(0.01, 32, true)),
                withCoolDown(
                        "page-hinkley",
                        Signal.MISSED_PROBABILITY,
                        new PageHinkley(30, 0.05, 10, 0.999)),
                withCoolDown("cusum", Signal.MISSED_PROBABILITY, new Cusum(30, 0.05, 10)),
                withCoolDown("hddm-a", Signal.ERROR, new HddmA(1e-4, 1e-3, false)),
                withCoolDown(
                        "hddm-w", Signal.MISSED_PROBABILITY, new HddmW(0.01, 0.1, 0.005, false)),
                withCoolDown("kswin", Signal.LOSS, new Kswin(1000, 200, 1e-5, true)),
                withCoolDown("ddm", Signal.ERROR, new Ddm(500, 2, 3)),
                withCoolDown("eddm", Signal.ERROR, new Eddm(200, 0.95, 0.8)),
                new DriftContender("dummy, every 3,000", Signal.ERROR, new PeriodicDetector(3000)),
                new DriftContender("adwin (MOA defaults)", Signal.ERROR, Adwin.DEFAULT),
                new DriftContender("ddm (MOA defaults)", Signal.ERROR, Ddm.DEFAULT));
    }

    private static DriftContender withCoolDown(String name, Signal signal, DriftDetector detector) {
        return new DriftContender(name, signal, new CoolDown(detector, COOL_DOWN));
    }

    /**
     * Returns the indices of the examples, counted from 0, at which the detector reports a drift.
     */
    List<Integer> alarms(LossStream stream) {
        RunningDetector running = detector.start();
        List<Integer> alarms = new ArrayList<>();
        for (int i = 0; i < stream.size(); i++) {
            if (running.update(signal.of(stream.losses()[i], stream.errors()[i]))
                    == DriftStatus.DRIFT) {
                alarms.add(i);
            }
        }
        return alarms;
    }
}
