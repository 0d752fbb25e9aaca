package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.monitor.Monitors.Settings;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleWindowTest {
    /** Window sizes below, at and above the size of a segment. */
    @ParameterizedTest
    @CsvSource({"1, 10", "700, 500", "1024, 5000", "2500, 6000"})
    void tallies_coverTheLatestExamples(int windowSize, int count) {
        MonitorConfig config = Settings.of(4, windowSize).config();
        List<ScoredExample> examples = Monitors.examples(6, count, 4);
        ExampleWindow window = new ExampleWindow(config);
        for (int i = 0; i < count; i++) {
            window.add(examples.get(i));
            if (i % 97 == 0 || i == count - 1) {
                List<ScoredExample> last = examples.subList(Math.max(0, i + 1 - windowSize), i + 1);
                Tallies expected = new Tallies(config);
                Confusion confusion = new Confusion(4);
                for (ScoredExample example : last) {
                    expected.add(example, 1);
                    confusion.add(example.label(), example.predictedClass(), 1);
                }
                assertThat(window.size()).isEqualTo(last.size());
                assertThat(window.tallies().state())
                        .usingComparatorWithPrecision(1e-9)
                        .containsExactly(expected.state());
                assertThat(window.confusion().matrix(16).cells())
                        .containsExactly(confusion.matrix(16).cells());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"700, 500", "700, 5000", "2500, 6000"})
    void restoredWindow_continuesBitForBit(int windowSize, int count) {
        MonitorConfig config = Settings.of(4, windowSize).config();
        ExampleWindow uninterrupted = new ExampleWindow(config);
        Monitors.examples(7, count, 4).forEach(uninterrupted::add);
        ExampleWindow restored = new ExampleWindow(config);
        restored.restore(uninterrupted.state());
        for (ScoredExample example : Monitors.examples(8, 3000, 4)) {
            uninterrupted.add(example);
            restored.add(example);
        }
        assertThat(restored.tallies().state()).containsExactly(uninterrupted.tallies().state());
        assertThat(restored.state().scored().losses())
                .containsExactly(uninterrupted.state().scored().losses());
    }

    @ParameterizedTest
    @CsvSource({"1000, 300", "300, 1000"})
    void restoredWindowOfAnotherSize_keepsTheLatestExamples(int before, int after) {
        ExampleWindow old = new ExampleWindow(Settings.of(4, before).config());
        Monitors.examples(9, 2345, 4).forEach(old::add);
        MonitorConfig config = Settings.of(4, after).config();
        ExampleWindow restored = new ExampleWindow(config);
        restored.restore(old.state());
        assertThat(restored.size()).isEqualTo(Math.min(before, after));
        ExampleWindow expected = new ExampleWindow(config);
        List<ScoredExample> examples = Monitors.examples(9, 2345, 4);
        examples.subList(2345 - restored.size(), 2345).forEach(expected::add);
        for (ScoredExample example : Monitors.examples(10, 1234, 4)) {
            restored.add(example);
            expected.add(example);
        }
        assertThat(restored.state().scored().losses())
                .containsExactly(expected.state().scored().losses());
        assertThat(restored.tallies().state())
                .usingComparatorWithPrecision(1e-9)
                .containsExactly(expected.tallies().state());
    }
}
