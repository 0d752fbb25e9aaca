package io.freshet.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private enum Pace {
        SLOW,
        VERY_FAST
    }

    private static final Key<Integer> COUNT = Key.ofInt("a.count", 3, 1, 9, "things", "Things.");
    private static final Key<Integer> SIZE = Key.requiredInt("a.size", 1, 9, "things", "Size.");
    private static final Key<Double> RATE =
            Key.ofDouble("a.rate", 0.5, Double.MIN_VALUE, 10, "Rate.");
    private static final Key<Duration> WAIT =
            Key.ofDuration("a.wait", "200 ms", Duration.ofMillis(1), "Wait.");
    private static final Key<Optional<Duration>> MAYBE =
            Key.ofOptionalDuration("a.maybe", "off", Duration.ofMillis(1), "Maybe.");
    private static final Key<Optional<Integer>> INDEX = Key.ofOptionalInt("a.index", "Index.");
    private static final Key<Pace> PACE = Key.ofEnum("a.pace", Pace.SLOW, "Pace.");
    private static final Key<String> NAME = Key.ofText("a.name", "me", "Name.");
    private static final Key<List<String>> LIST = Key.ofList("a.list", "", "List.");
    private static final Key<Optional<Double>> STEP =
            Key.ofDoubleOr("auto", "a.step", "auto", Double.MIN_VALUE, 10, "Step.");
    private static final Key<List<Double>> SHARES =
            Key.ofDoubles("a.shares", "1,0.5", 0, 1, "Shares.");
    private static final Key<Boolean> ENABLED = Key.ofBoolean("a.enabled", false, "Enabled.");
    private static final List<Key<?>> KEYS =
            List.of(COUNT, SIZE, RATE, WAIT, MAYBE, INDEX, PACE, NAME, LIST, STEP, SHARES, ENABLED);

    private static Settings settings(Map<String, String> values) {
        return Settings.of(values, KEYS, Set.of("kafka."));
    }

    @Test
    void missingValues_areTheDefaults() {
        Settings settings = settings(Map.of("a.size", "5"));

        assertThat(settings.get(COUNT)).isEqualTo(3);
        assertThat(settings.get(SIZE)).isEqualTo(5);
        assertThat(settings.get(RATE)).isEqualTo(0.5);
        assertThat(settings.get(WAIT)).isEqualTo(Duration.ofMillis(200));
        assertThat(settings.get(MAYBE)).isEmpty();
        assertThat(settings.get(INDEX)).isEmpty();
        assertThat(settings.get(PACE)).isEqualTo(Pace.SLOW);
        assertThat(settings.get(NAME)).isEqualTo("me");
        assertThat(settings.get(LIST)).isEmpty();
        assertThat(settings.get(STEP)).isEmpty();
        assertThat(settings.get(SHARES)).containsExactly(1.0, 0.5);
        assertThat(settings.get(ENABLED)).isFalse();
        settings.throwIfProblems();
    }

    @Test
    void givenValues_areRead() {
        Settings settings =
                settings(
                        Map.ofEntries(
                                Map.entry("a.count", " 9 "),
                                Map.entry("a.rate", "1e1"),
                                Map.entry("a.wait", "2 min"),
                                Map.entry("a.maybe", "5s"),
                                Map.entry("a.index", "-100"),
                                Map.entry("a.pace", "very-fast"),
                                Map.entry("a.name", "you"),
                                Map.entry("a.list", "x, y"),
                                Map.entry("a.step", "0.25"),
                                Map.entry("a.shares", "0, 1,0.125"),
                                Map.entry("a.enabled", "true"),
                                Map.entry("kafka.acks", "all")));

        assertThat(settings.get(COUNT)).isEqualTo(9);
        assertThat(settings.get(RATE)).isEqualTo(10);
        assertThat(settings.get(WAIT)).isEqualTo(Duration.ofMinutes(2));
        assertThat(settings.get(MAYBE)).contains(Duration.ofSeconds(5));
        assertThat(settings.get(INDEX)).contains(-100);
        assertThat(settings.get(PACE)).isEqualTo(Pace.VERY_FAST);
        assertThat(settings.get(NAME)).isEqualTo("you");
        assertThat(settings.get(LIST)).containsExactly("x", "y");
        assertThat(settings.get(STEP)).contains(0.25);
        assertThat(settings.get(SHARES)).containsExactly(0.0, 1.0, 0.125);
        assertThat(settings.get(ENABLED)).isTrue();
        assertThat(settings.withPrefix("kafka.")).isEqualTo(Map.of("acks", "all"));
        settings.throwIfProblems();
    }

    @ParameterizedTest
    @CsvSource({
        "a.count, 10, 'a whole number of things, 1 to 9'",
        "a.count, 0, 'a whole number of things, 1 to 9'",
        "a.count, 1.5, 'a whole number of things, 1 to 9'",
        "a.rate, 0, 'a number above 0, at most 10.0'",
        "a.rate, NaN, 'a number above 0, at most 10.0'",
        "a.rate, Infinity, 'a number above 0, at most 10.0'",
        "a.wait, 5, 'a time such as 200 ms, 10 s, 5 min, 1 h or 2 d, at least 1 ms'",
        "a.wait, 0 ms, 'a time such as 200 ms, 10 s, 5 min, 1 h or 2 d, at least 1 ms'",
        "a.wait, -1 s, 'a time such as 200 ms, 10 s, 5 min, 1 h or 2 d, at least 1 ms'",
        "a.wait, 999999999999 d, 'a time such as 200 ms, 10 s, 5 min, 1 h or 2 d, at least 1 ms'",
        "a.maybe, on, 'a time such as 200 ms, 10 s, 5 min, 1 h or 2 d, at least 1 ms, or off'",
        "a.index, 1.5, 'a whole number, or off'",
        "a.pace, SLOW, 'slow or very-fast'",
        "a.name, '', 'text that is not blank'",
        "a.list, 'x,,y', 'comma-separated texts; one with a comma is quoted: \"a, b\",c; none of"
                + " them empty'",
        "a.step, automatic, 'auto, or a number above 0, at most 10.0'",
        "a.step, 11, 'auto, or a number above 0, at most 10.0'",
        "a.shares, '1,2', 'comma-separated numbers, each a number, at least 0.0, at most" + " 1.0'",
        "a.shares, '1,', 'comma-separated numbers, each a number, at least 0.0, at most" + " 1.0'",
        "a.enabled, yes, 'true or false'",
    })
    void invalidValue_isAProblem_thatNamesItAndTheExpectedValues(
            String key, String value, String expected) {
        Settings settings = settings(Map.of("a.size", "1", key, value));
        KEYS.forEach(settings::get);

        assertThatThrownBy(settings::throwIfProblems)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(key + " = " + value + ": must be " + expected);
    }

    @Test
    void everyProblem_isNamedOnce_howeverOftenAKeyIsRead() {
        Settings settings = settings(Map.of("a.cuont", "1", "a.count", "x", "zebra", "y"));
        settings.get(COUNT);
        settings.get(COUNT);
        settings.get(SIZE);
        settings.problem("a and b do not go together");

        assertThatThrownBy(settings::throwIfProblems)
                .hasMessage(
                        String.join(
                                System.lineSeparator(),
                                "unknown key a.cuont; the nearest known one is a.count",
                                "unknown key zebra; the nearest known one is a.rate",
                                "a.count = x: must be a whole number of things, 1 to 9",
                                "a.size is missing: a whole number of things, 1 to 9",
                                "a and b do not go together"));
    }

    @Test
    void defaultValue_isDefault_whetherItIsGivenOrNot() {
        Settings settings = settings(Map.of("a.count", "3", "a.rate", "2", "a.list", ""));

        assertThat(settings.isDefault(COUNT)).isTrue();
        assertThat(settings.isDefault(PACE)).isTrue();
        assertThat(settings.isDefault(LIST)).isTrue();
        assertThat(settings.isDefault(RATE)).isFalse();
    }

    @Test
    void assignment_showsTheValueAsItWasGiven_orTheDefault() {
        Settings settings = settings(Map.of("a.rate", " 1e0 "));

        assertThat(settings.assignment(RATE)).isEqualTo("a.rate = 1e0");
        assertThat(settings.assignment(STEP)).isEqualTo("a.step = auto");
    }

    @Test
    void text_canBeReadAsASetting() {
        assertThat(Key.text(Pace.VERY_FAST)).isEqualTo("very-fast");
        assertThat(Key.text(1e-3)).isEqualTo("0.001");
        assertThat(Key.text(100.0)).isEqualTo("100");
        assertThat(Key.text(List.of(1.0, 0.5))).isEqualTo("1,0.5");
        assertThat(Key.text(List.of())).isEmpty();
        assertThat(Key.text(false)).isEqualTo("false");
        assertThat(Key.phrase(List.of(Pace.SLOW))).isEqualTo("slow");
        assertThat(Key.phrase(List.of(Pace.SLOW, Pace.VERY_FAST, Pace.SLOW)))
                .isEqualTo("slow, very-fast and slow");
    }

    @Test
    void overrides_replaceValuesOfTheFile(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("f"), "a.name=däta\na.count=1\n");

        assertThat(SettingsSource.read(file, List.of("a.count=2", "a.list=x=y")))
                .isEqualTo(Map.of("a.name", "däta", "a.count", "2", "a.list", "x=y"));
    }

    @Test
    void missingFile_andOverrideWithoutEquals_areProblems() {
        assertThatThrownBy(() -> SettingsSource.read(Path.of("no-such-file"), List.of("x")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("the configuration file no-such-file cannot be read")
                .hasMessageContaining("--set x: must be key=value");
    }

    @Test
    void reference_hasTheMeaningTypeAndDefaultOfEveryKey() {
        assertThat(KeyReference.render("Head.", Map.of("Section", List.of(COUNT, SIZE))))
                .isEqualTo(
                        """
                        # Head.

                        # ---- Section ----

                        # Things.
                        # Value: a whole number of things, 1 to 9.
                        #a.count=3

                        # Size.
                        # Value: a whole number of things, 1 to 9.
                        # Required.
                        #a.size=
                        """);
    }
}
