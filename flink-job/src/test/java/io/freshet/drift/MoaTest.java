package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import moa.classifiers.core.driftdetection.ADWIN;
import moa.classifiers.core.driftdetection.ADWINChangeDetector;
import moa.classifiers.core.driftdetection.ChangeDetector;
import moa.classifiers.core.driftdetection.CusumDM;
import moa.classifiers.core.driftdetection.DDM;
import moa.classifiers.core.driftdetection.EDDM;
import moa.classifiers.core.driftdetection.HDDM_A_Test;
import moa.classifiers.core.driftdetection.HDDM_W_Test;
import moa.classifiers.core.driftdetection.PageHinkleyDM;
import org.junit.jupiter.api.Test;

/** Comparison of the detectors with MOA's: warnings and drifts must be at the same values. */
class MoaTest {
    private static final int SEEDS = 20;

    /** Errors whose rate jumps up and down, rises slowly from 0.01 to 0.4, and jumps again. */
    private static final List<double[]> ERRORS =
            streams(
                    seed ->
                            SampleStreams.concatenated(
                                    SampleStreams.errors(seed, 3000, 0.1, 0.3, 0.05, 0.06),
                                    SampleStreams.gradualErrors(seed + 1000, 4000, 0.01, 0.4),
                                    SampleStreams.errors(seed + 2000, 2000, 0.5, 0.9, 0, 0.02, 1)));

    /** Values between 0 and 1 whose mean jumps. */
    private static final List<double[]> FRACTIONS =
            streams(seed -> SampleStreams.uniform(seed, 3000, 0.3, 0.6, 0.1, 0.15, 0.9, 0.1, 0.3));

    private static final List<double[]> LOSSES =
            streams(seed -> SampleStreams.losses(seed, 3000, 0.5, 1, 0.3, 0.4, 2, 0.5));

    private static final int ONE_SIDED_A = 0;
    private static final int TWO_SIDED_W = 1;

    @Test
    void ddm_equalsMoas() {
        assertSame(Ddm.MOA, DDM::new, ERRORS);
        assertSame(new Ddm(100, 1.5, 2.5), () -> ddm(100, 1.5, 2.5), ERRORS);
        assertSame(new Ddm(1, 1, 1), () -> ddm(1, 1, 1), ERRORS);
    }

    private static ChangeDetector ddm(int minInstances, double warningLevel, double driftLevel) {
        DDM ddm = new DDM();
        ddm.minNumInstancesOption.setValue(minInstances);
        ddm.warningLevelOption.setValue(warningLevel);
        ddm.outcontrolLevelOption.setValue(driftLevel);
        return ddm;
    }

    @Test
    void eddm_equalsMoas() {
        assertSame(Eddm.MOA, EDDM::new, ERRORS);
    }

    @Test
    void adwin_equalsMoas() {
        for (List<double[]> streams : List.of(ERRORS, FRACTIONS, LOSSES)) {
            assertSame(Adwin.MOA, ADWINChangeDetector::new, streams);
            assertSame(new Adwin(0.3, 32, true), () -> adwin(0.3), streams);
        }
    }

    private static ChangeDetector adwin(double delta) {
        ADWINChangeDetector adwin = new ADWINChangeDetector();
        adwin.deltaAdwinOption.setValue(delta);
        return adwin;
    }

    /** Compares with MOA's window, which is cut at increases and at decreases of the mean. */
    @Test
    void adwinWithAlarmsAtDecreases_equalsMoasWindow() {
        for (int checkInterval : List.of(1, 7, 32)) {
            for (double[] stream : LOSSES) {
                ADWIN window = new ADWIN(0.01);
                window.setClock(checkInterval);
                RunningDetector running = new Adwin(0.01, checkInterval, false).start();
                int cuts = 0;
                for (double value : stream) {
                    boolean cut = window.setInput(value);
                    assertThat(running.update(value) == DriftStatus.DRIFT).isEqualTo(cut);
                    if (cut) {
                        cuts++;
                        assertThat(running.state()[5]).as("width").isEqualTo(window.getWidth());
                    }
                }
                assertThat(cuts).isGreaterThanOrEqualTo(3);
            }
        }
    }

    @Test
    void hddmA_equalsMoas() {
        for (List<double[]> streams : List.of(ERRORS, FRACTIONS)) {
            assertSame(HddmA.MOA, HDDM_A_Test::new, streams);
            assertSame(new HddmA(1e-4, 0.1, false), () -> hddmA(1e-4, 0.1, ONE_SIDED_A), streams);
        }
    }

    private static ChangeDetector hddmA(
            double driftConfidence, double warningConfidence, int sides) {
        HDDM_A_Test hddm = new HDDM_A_Test();
        hddm.driftConfidenceOption.setValue(driftConfidence);
        hddm.warningConfidenceOption.setValue(warningConfidence);
        hddm.oneSidedTestOption.setChosenIndex(sides);
        return hddm;
    }

    @Test
    void hddmW_equalsMoas() {
        for (List<double[]> streams : List.of(ERRORS, FRACTIONS)) {
            assertSame(HddmW.MOA, HDDM_W_Test::new, streams);
            assertSame(
                    new HddmW(1e-4, 0.1, 0.02, true),
                    () -> hddmW(1e-4, 0.1, 0.02, TWO_SIDED_W),
                    streams);
        }
    }

    private static ChangeDetector hddmW(
            double driftConfidence, double warningConfidence, double lambda, int sides) {
        HDDM_W_Test hddm = new HDDM_W_Test();
        hddm.driftConfidenceOption.setValue(driftConfidence);
        hddm.warningConfidenceOption.setValue(warningConfidence);
        hddm.lambdaOption.setValue(lambda);
        hddm.oneSidedTestOption.setChosenIndex(sides);
        return hddm;
    }

    @Test
    void cusum_equalsMoas_whoseCountBeginsAtOne() {
        assertSame(new Cusum(29, 0.005, 50), CusumDM::new, LOSSES);
        assertSame(new Cusum(199, 0.2, 30), () -> cusum(200, 0.2, 30), LOSSES);
    }

    private static ChangeDetector cusum(int minInstances, double delta, double threshold) {
        CusumDM cusum = new CusumDM();
        cusum.minNumInstancesOption.setValue(minInstances);
        cusum.deltaOption.setValue(delta);
        cusum.lambdaOption.setValue(threshold);
        return cusum;
    }

    /** MOA's CUSUM is the cumulative sum above its minimum, the statistic of Page and Hinkley. */
    @Test
    void pageHinkleyWithoutFading_equalsMoasCusum() {
        assertSame(new PageHinkley(29, 0.005, 50, 1), CusumDM::new, LOSSES);
    }

    /**
     * MOA's test does not subtract the minimum of the sum. If the values only grow and δ is 0, the
     * minimum is 0.
     */
    @Test
    void pageHinkley_equalsMoas_ifTheMinimumOfTheSumIsZero() {
        List<double[]> growing =
                streams(
                        seed ->
                                Arrays.stream(SampleStreams.losses(seed, 3000, 1))
                                        .sorted()
                                        .toArray());
        assertSame(new PageHinkley(29, 0, 50, 0.9999), () -> pageHinkley(0, 0.9999), growing);
        assertSame(new PageHinkley(29, 0, 50, 0.99), () -> pageHinkley(0, 0.99), growing);
    }

    private static ChangeDetector pageHinkley(double delta, double fadingFactor) {
        PageHinkleyDM pageHinkley = new PageHinkleyDM();
        pageHinkley.deltaOption.setValue(delta);
        pageHinkley.alphaOption.setValue(fadingFactor);
        return pageHinkley;
    }

    /** MOA's test is late if its sum has decreased for a long time before the change. */
    @Test
    void pageHinkley_isEarlierThanMoas() {
        PageHinkley ours = new PageHinkley(30, 0.1, 50, 0.9999);
        for (double[] stream : streams(seed -> SampleStreams.losses(seed, 5000, 0.5, 1))) {
            int first = DetectedDrifts.by(ours, stream).drifts().get(0);
            assertThat(first).isBetween(5000, 5300);
            assertThat(DetectedDrifts.by(pageHinkley(0.1, 0.9999), stream).drifts())
                    .allMatch(later -> later > first + 500);
        }
    }

    private static List<double[]> streams(LongFunction<double[]> stream) {
        return LongStream.range(0, SEEDS).mapToObj(stream).toList();
    }

    private static void assertSame(
            DriftDetector ours, Supplier<ChangeDetector> reference, List<double[]> streams) {
        List<DetectedDrifts> detected =
                streams.stream().map(stream -> DetectedDrifts.by(ours, stream)).toList();
        assertThat(detected)
                .isEqualTo(
                        streams.stream()
                                .map(stream -> DetectedDrifts.by(reference.get(), stream))
                                .toList());
        assertThat(detected.stream().map(DetectedDrifts::drifts).flatMap(List::stream))
                .as("drifts to compare")
                .hasSizeGreaterThanOrEqualTo(SEEDS);
    }
}
