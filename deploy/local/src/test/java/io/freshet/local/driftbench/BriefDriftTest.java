package io.freshet.local.driftbench;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.drift.Signal;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.pipeline.JobConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests of the job's default detectors on classes that are far apart and change places, from which
 * the ensemble recovers within some examples.
 */
class BriefDriftTest {
    private static final int SEEDS = 40;
    private static final List<LossStream> STREAMS = new ArrayList<>();

    @BeforeAll
    static void learn() {
        for (int seed = 3001; seed <= 3000 + SEEDS; seed++) {
            DriftingClasses events = new DriftingClasses(DriftKind.BRIEF, seed);
            STREAMS.add(
                    TestThenTrain.run(
                            events,
                            JobConfig.parse(settings(events.classes())).learn().learner(),
                            "events",
                            DriftKind.BRIEF,
                            events.plan().changes()));
        }
    }

    private static Map<String, String> settings(List<String> classes) {
        Map<String, String> settings = new HashMap<>();
        settings.put("num-features", "10");
        settings.put("classes", String.join(",", classes));
        settings.put("kafka.bootstrap.servers", "none:1");
        return settings;
    }

    private static DriftScore score(DriftContender contender) {
        DriftScore score = new DriftScore();
        STREAMS.forEach(stream -> score.add(stream, contender.alarms(stream)));
        return score;
    }

    @Test
    void streams_haveFewErrorsBefore_andRecoverWithinAHundredExamples() {
        for (LossStream stream : STREAMS) {
            int at = stream.drifts().get(0).at();
            assertThat(errorRate(stream, at - 1000, at)).isLessThan(0.1);
            assertThat(errorRate(stream, at, at + 4)).isGreaterThanOrEqualTo(0.5);
            assertThat(errorRate(stream, at + 100, at + 1100)).isLessThan(0.15);
        }
    }

    private static double errorRate(LossStream stream, int from, int to) {
        return IntStream.range(from, to)
                .mapToDouble(i -> stream.errors()[i] ? 1 : 0)
                .average()
                .orElseThrow();
    }

    @Test
    void defaultDetectors_findTheDrifts_withOneAlertEach() {
        DriftConfig job = JobConfig.parse(settings(List.of("0", "1"))).learn().drift();
        DriftScore score = score(new DriftContender("default", job));

        assertThat(score.drifts()).isEqualTo(SEEDS);
        assertThat(score.missed()).isLessThanOrEqualTo(1);
        assertThat(score.meanDelay()).isLessThan(20);
        assertThat(score.repeated()).isZero();
        assertThat(score.falseAlarms()).isLessThanOrEqualTo(0.05);
    }

    @Test
    void errorAlone_doesNotShowThemAll() {
        DriftConfig.Detector onError =
                JobConfig.parse(settings(List.of("0", "1"))).learn().drift().detectors().get(0);
        assertThat(onError.signal()).isEqualTo(Signal.ERROR);
        Map<String, String> settings = settings(List.of("0", "1"));
        settings.put("drift.detector", onError.name());

        DriftScore score =
                score(new DriftContender("error", JobConfig.parse(settings).learn().drift()));

        assertThat(score.missed()).isGreaterThanOrEqualTo(SEEDS / 10);
    }
}
