package io.freshet.local.deadletters;

import io.freshet.local.cli.UserException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options that select dead letters. */
public final class DeadLetterOptions {
    private static final Pattern AGE = Pattern.compile("([0-9]{1,6}) *(s|min|h|d)");
    private static final Map<String, Duration> UNITS =
            Map.of(
                    "s", Duration.ofSeconds(1),
                    "min", Duration.ofMinutes(1),
                    "h", Duration.ofHours(1),
                    "d", Duration.ofDays(1));

    @Option(
            names = "--reason",
            paramLabel = "NAME",
            split = ",",
            description = "Only those with this reason. May be repeated.")
    private List<String> reasons = List.of();

    @Option(
            names = "--model",
            paramLabel = "ID",
            description =
                    "Only those of this model; an empty id for an unknown model. May be repeated.")
    private List<String> models = List.of();

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description =
                    "Only those set aside since: an age such as 90 min, 2 h or 3 d, or a time such"
                            + " as 2026-03-01 or 2026-03-01T14:05, in this machine's time zone.")
    private @Nullable String since;

    /**
     * Returns the filter.
     *
     * @param places selected places; empty for all
     * @throws UserException if {@code --since} is not a time
     */
    public DeadLetterFilter filter(List<String> places) {
        return new DeadLetterFilter(
                places.stream().map(MessagePlace::parse).collect(Collectors.toSet()),
                reasons.stream()
                        .map(reason -> reason.strip().toUpperCase(Locale.ROOT).replace('-', '_'))
                        .collect(Collectors.toSet()),
                Set.copyOf(models),
                since == null
                        ? OptionalLong.empty()
                        : OptionalLong.of(time(since, System.currentTimeMillis())));
    }

    /** Returns milliseconds since 1970-01-01T00:00Z. */
    static long time(String text, long now) {
        Matcher age = AGE.matcher(text.strip());
        if (age.matches()) {
            Duration unit = UNITS.getOrDefault(age.group(2), Duration.ZERO);
            return now - unit.multipliedBy(Long.parseLong(age.group(1))).toMillis();
        }
        try {
            return time(text.strip()).toEpochMilli();
        } catch (DateTimeException e) {
            throw new UserException(
                    "--since "
                            + text
                            + ": must be an age such as 2 h or a time such as 2026-03-01T14:05",
                    e);
        }
    }

    private static Instant time(String text) {
        if (text.endsWith("Z")) {
            return Instant.parse(text);
        }
        LocalDateTime local =
                text.contains("T")
                        ? LocalDateTime.parse(text)
                        : LocalDate.parse(text).atStartOfDay();
        return local.atZone(ZoneId.systemDefault()).toInstant();
    }
}
