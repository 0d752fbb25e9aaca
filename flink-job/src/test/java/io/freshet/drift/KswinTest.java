package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Comparison of KSWIN with SciPy's Kolmogorov–Smirnov test, whose results {@code
 * golden/kolmogorov_smirnov.py} wrote.
 */
class KswinTest {
    private static final double TOLERANCE = 1e-9;

    private static final List<Map<String, double[]>> CASES = cases();

    @Test
    void statisticAndPValue_equalScipys() {
        List<Map<String, double[]>> samples = casesWith("recent");
        assertThat(samples).hasSize(105);
        for (Map<String, double[]> sample : samples) {
            double[] recent = sample.get("recent");
            double[] older = sample.get("older");
            for (boolean oneSided : new boolean[] {false, true}) {
                double[] expected = sample.get(oneSided ? "one_sided" : "two_sided");
                double smallest =
                        KolmogorovSmirnov.smallestPValue(recent.length, older.length, oneSided);
                Kswin kswin =
                        new Kswin(recent.length + older.length, recent.length, smallest, oneSided);
                RunningDetector running = kswin.start();
                for (double value : SampleStreams.concatenated(older, recent)) {
                    running.update(value);
                }
                assertThat(running.statistic()).isCloseTo(expected[0], within(TOLERANCE));
                long steps = Math.round(running.statistic() * recent.length * older.length);
                assertThat(KolmogorovSmirnov.pValue(recent.length, older.length, steps, oneSided))
                        .isCloseTo(expected[1], within(TOLERANCE * expected[1]));
            }
        }
    }

    @Test
    void alarms_occurWhereScipysPValueIsAtMostAlpha() {
        List<Map<String, double[]>> windows = casesWith("stream");
        assertThat(windows).hasSize(4);
        for (Map<String, double[]> window : windows) {
            Kswin kswin =
                    new Kswin(
                            (int) window.get("window_size")[0],
                            (int) window.get("recent_size")[0],
                            window.get("alpha")[0],
                            window.get("increases_only")[0] == 1);
            assertThat(DetectedDrifts.by(kswin, window.get("stream")).drifts())
                    .isEqualTo(
                            Arrays.stream(window.get("alarms"))
                                    .mapToObj(alarm -> (int) alarm)
                                    .toList());
        }
    }

    @Test
    void smallestPValue_isThatOfSamplesThatDoNotOverlap() {
        for (int[] sizes : new int[][] {{1, 1}, {5, 5}, {5, 20}, {30, 70}, {70, 30}}) {
            long all = (long) sizes[0] * sizes[1];
            for (boolean oneSided : new boolean[] {false, true}) {
                double smallest = KolmogorovSmirnov.smallestPValue(sizes[0], sizes[1], oneSided);
                assertThat(KolmogorovSmirnov.pValue(sizes[0], sizes[1], all, oneSided))
                        .isCloseTo(smallest, within(TOLERANCE * smallest));
            }
        }
    }

    @Test
    void criticalSteps_areTheSmallestNumberThatIsSignificant() {
        for (double alpha : new double[] {0.5, 0.01, 1e-6, 1e-12}) {
            long steps = KolmogorovSmirnov.criticalSteps(30, 70, alpha, false);
            assertThat(KolmogorovSmirnov.pValue(30, 70, steps, false)).isLessThanOrEqualTo(alpha);
            assertThat(KolmogorovSmirnov.pValue(30, 70, steps - 1, false)).isGreaterThan(alpha);
        }
    }

    @Test
    void everyAlarm_isRaised_althoughTheStatisticIsNotComputedAtEveryValue() {
        for (boolean increasesOnly : new boolean[] {false, true}) {
            Kswin kswin = new Kswin(50, 20, 1e-4, increasesOnly);
            double threshold = kswin.start().threshold();
            for (int seed = 0; seed < 20; seed++) {
                double[] stream =
                        Arrays.stream(SampleStreams.losses(seed, 500, 1, 10, 0.5, 3, 0.1))
                                .map(value -> Math.round(value * 10) / 10.0)
                                .toArray();
                List<Integer> expected = new ArrayList<>();
                int from = 0;
                for (int i = 0; i < stream.length; i++) {
                    from = Math.max(from, i + 1 - 50);
                    if (i + 1 - from == 50
                            && statistic(
                                            Arrays.copyOfRange(stream, i + 1 - 20, i + 1),
                                            Arrays.copyOfRange(stream, from, i + 1 - 20),
                                            increasesOnly)
                                    >= threshold - TOLERANCE) {
                        expected.add(i);
                        from = i + 1 - 20;
                    }
                }
                assertThat(expected).isNotEmpty();
                assertThat(DetectedDrifts.by(kswin, stream).drifts()).isEqualTo(expected);
            }
        }
    }

    /** Returns the largest difference of the two distribution functions over all values. */
    private static double statistic(double[] recent, double[] older, boolean oneSided) {
        return IntStream.range(0, recent.length + older.length)
                .mapToDouble(i -> i < recent.length ? recent[i] : older[i - recent.length])
                .map(x -> distributionFunction(older, x) - distributionFunction(recent, x))
                .map(difference -> oneSided ? difference : Math.abs(difference))
                .max()
                .orElseThrow();
    }

    private static double distributionFunction(double[] values, double x) {
        return (double) Arrays.stream(values).filter(value -> value <= x).count() / values.length;
    }

    @Test
    void afterAnAlarm_theRecentValuesBeginTheNextWindow() {
        Kswin kswin = new Kswin(60, 20, 1e-4, false);
        double[] stream = SampleStreams.losses(1, 300, 1, 10, 1);
        int alarm = DetectedDrifts.by(kswin, stream).drifts().get(0);
        RunningDetector running = kswin.start();
        DetectedDrifts.by(running, Arrays.copyOf(stream, alarm + 1));
        RunningDetector fresh = kswin.start();
        DetectedDrifts.by(fresh, Arrays.copyOfRange(stream, alarm + 1 - 20, alarm + 1));
        double[] rest = Arrays.copyOfRange(stream, alarm + 1, stream.length);
        assertThat(DetectedDrifts.by(running, rest)).isEqualTo(DetectedDrifts.by(fresh, rest));
    }

    /** The mean stays the same, so the one-sided test need not detect the change. */
    @Test
    void widerSpread_isDetectedByTheTwoSidedTest() {
        double[] stream =
                SampleStreams.concatenated(
                        SampleStreams.uniform(1, 500, 1), SampleStreams.losses(1, 500, 1));
        assertThat(DetectedDrifts.by(new Kswin(100, 30, 1e-6, false), stream).drifts().get(0))
                .isBetween(500, 530);
    }

    private static List<Map<String, double[]>> casesWith(String name) {
        return CASES.stream().filter(lines -> lines.containsKey(name)).toList();
    }

    /** Reads paragraphs of lines {@code name value…}. */
    private static List<Map<String, double[]>> cases() {
        List<Map<String, double[]>> cases = new ArrayList<>();
        try (InputStream stream =
                        KswinTest.class.getResourceAsStream("golden/kolmogorov_smirnov.txt");
                BufferedReader reader =
                        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line : reader.lines().toList()) {
                if (line.isEmpty()) {
                    cases.add(new HashMap<>());
                } else if (!line.startsWith("#")) {
                    String[] words = line.split(" ", -1);
                    double[] values =
                            Arrays.stream(words).skip(1).mapToDouble(Double::parseDouble).toArray();
                    cases.get(cases.size() - 1).put(words[0], values);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }
}
