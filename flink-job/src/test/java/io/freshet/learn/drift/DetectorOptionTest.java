package io.freshet.learn.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.RunningDetector;
import io.freshet.drift.Signal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that every detector that can be configured has keys, descriptions and provenance. */
class DetectorOptionTest {
    private static DriftDetector create(DetectorOption option, Map<String, String> values) {
        Settings settings = Settings.of(values, DriftConfig.KEYS, Set.of());
        DriftDetector detector = option.create(settings);
        settings.throwIfProblems();
        return detector;
    }

    @ParameterizedTest
    @EnumSource
    void option_hasDocumentedKeys_underItsName(DetectorOption option) {
        String name = Key.kebab(option);

        assertThat(option.keys())
                .isNotEmpty()
                .allSatisfy(
                        key -> {
                            assertThat(key.name()).startsWith("drift." + name + ".");
                            assertThat(key.meaning()).endsWith(".");
                        });
        assertThat(DriftConfig.KEYS).containsAll(option.keys());
        assertThat(DriftConfig.DETECTOR.type()).contains(name);
        assertThat(DriftConfig.SIGNAL.meaning()).contains(name);
    }

    @ParameterizedTest
    @EnumSource
    void defaultSignal_isAccepted(DetectorOption option) {
        assertThat(Signal.within(create(option, Map.of()).domain())).contains(option.signal());
    }

    @ParameterizedTest
    @EnumSource
    void provenance_namesEveryKey_andGivesTheSameDetector(DetectorOption option) {
        DriftDetector detector = create(option, Map.of());
        Map<String, String> provenance = option.hyperParameters(detector);

        assertThat(provenance.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        option.keys().stream().map(Key::name).toList());
        assertThat(create(option, provenance)).isEqualTo(detector);
    }

    @ParameterizedTest
    @EnumSource
    void everyKey_setsTheParameter_thatProvenanceReports(DetectorOption option) {
        Map<String, String> defaults = option.hyperParameters(create(option, Map.of()));
        for (Key<?> key : option.keys()) {
            String other = slightlyMore(defaults.get(key.name()));
            Map<String, String> expected = new TreeMap<>(defaults);
            expected.put(key.name(), other);

            assertThat(option.hyperParameters(create(option, Map.of(key.name(), other))))
                    .isEqualTo(expected);
        }
    }

    /** Returns another value that is within the bounds of every parameter with this default. */
    private static String slightlyMore(String value) {
        double number = Double.parseDouble(value);
        return Key.text(
                number == 1 ? 0.5 : number == Math.rint(number) ? number + 1 : number + 1e-5);
    }

    @Test
    void kswinWindow_isLimitedByItsKeys() {
        Map<String, String> largest =
                Map.of(
                        "drift.kswin.window-size", "2000",
                        "drift.kswin.recent-size", "1999",
                        "drift.kswin.alpha", "0.001");
        assertThat(DetectorOption.KSWIN.hyperParameters(create(DetectorOption.KSWIN, largest)))
                .containsAllEntriesOf(largest);

        Map<String, String> tooLarge =
                Map.of("drift.kswin.window-size", "2001", "drift.kswin.recent-size", "2000");
        assertThatThrownBy(() -> create(DetectorOption.KSWIN, tooLarge))
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e ->
                                assertThat(e.problems())
                                        .containsExactlyInAnyOrder(
                                                "drift.kswin.window-size = 2001: must be a whole"
                                                        + " number of examples, 2 to 2000",
                                                "drift.kswin.recent-size = 2000: must be a whole"
                                                        + " number of examples, 1 to 1999"));
    }

    @ParameterizedTest
    @EnumSource
    void option_saysWhetherItsDetectorWarns(DetectorOption option) {
        RunningDetector detector = create(option, Map.of()).start();
        Map<DriftStatus, Integer> counts = new HashMap<>();
        Random random = new Random(1);
        for (double errorRate : List.of(0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9)) {
            for (int i = 0; i < 2000; i++) {
                double value = random.nextDouble() < errorRate ? 1 : 0;
                counts.merge(detector.update(value), 1, Integer::sum);
            }
        }

        assertThat(counts.containsKey(DriftStatus.WARNING)).isEqualTo(option.warns());
    }
}
