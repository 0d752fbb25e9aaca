package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.learn.GoldenState;
import io.freshet.learn.StateText;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that restored metrics have the state that a release saved. */
class GoldenMonitorTest {
    static List<GoldenState> savepoints() throws IOException {
        return GoldenState.all();
    }

    @ParameterizedTest
    @MethodSource("savepoints")
    void metricsOfARelease_haveTheSavedState_bitForBit(GoldenState golden) throws Exception {
        MonitorConfig config = golden.config().monitor();
        Map<String, MonitorState> saved = golden.monitors(false);

        assertThat(saved).isNotEmpty();
        saved.forEach(
                (model, state) -> {
                    SortedMap<String, String> before = text(model, state);
                    SortedMap<String, String> after =
                            text(model, ModelMonitor.restore(model, config, 0, state).state());
                    // A start counts as an attempt.
                    before.remove(model + "/attempt");
                    // States of before do not have the number of classes.
                    before.remove(model + "/numClasses", "0");
                    assertThat(after).containsAllEntriesOf(before);
                });
    }

    private static SortedMap<String, String> text(String model, MonitorState state) {
        TreeMap<String, String> values = new TreeMap<>();
        StateText.add(model, state, values);
        return values;
    }
}
