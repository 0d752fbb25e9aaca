package io.freshet.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parser of durations that consist of a whole number and a unit, such as {@code 200 ms}. */
final class Durations {
    static final String TYPE = "a time such as 200 ms, 10 s, 5 min, 1 h or 2 d";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,12}) *(ms|s|min|h|d)");
    private static final Map<String, ChronoUnit> UNITS =
            Map.of(
                    "ms", ChronoUnit.MILLIS,
                    "s", ChronoUnit.SECONDS,
                    "min", ChronoUnit.MINUTES,
                    "h", ChronoUnit.HOURS,
                    "d", ChronoUnit.DAYS);

    private Durations() {}

    /**
     * Returns the duration; empty if the text has another form or the duration does not fit into a
     * long of milliseconds.
     */
    static Optional<Duration> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        ChronoUnit unit = UNITS.getOrDefault(matcher.group(2), ChronoUnit.MILLIS);
        Duration value = unit.getDuration().multipliedBy(Long.parseLong(matcher.group(1)));
        return value.compareTo(Duration.ofMillis(Long.MAX_VALUE)) > 0
                ? Optional.empty()
                : Optional.of(value);
    }
}
