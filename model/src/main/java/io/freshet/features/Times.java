package io.freshet.features;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Parser of times: ISO 8601, or a number of seconds or milliseconds since 1970-01-01T00:00Z. A time
 * without an offset from UTC is in UTC.
 */
public final class Times {
    /** A number below this is in seconds: the year 5138; in milliseconds it would be in 1973. */
    private static final double FIRST_MILLISECONDS = 1e11;

    /** Largest number of milliseconds that is a time: the year 5138. */
    private static final double MAX_MILLISECONDS = 1e14;

    private static final int MIN_LENGTH = 10;
    private static final int MAX_LENGTH = 40;
    private static final double DAY = 86_400_000;
    private static final int DAYS_OF_WEEK = 7;

    /** 1970-01-01 was a Thursday, three days after a Monday. */
    private static final int EPOCH_WEEKDAY = 3;

    private static final DateTimeFormatter ISO =
            new DateTimeFormatterBuilder()
                    .append(DateTimeFormatter.ISO_LOCAL_DATE)
                    .optionalStart()
                    .appendPattern("['T'][ ]")
                    .append(DateTimeFormatter.ISO_LOCAL_TIME)
                    .appendPattern("[ ][XXX][XX][X]")
                    .optionalEnd()
                    .toFormatter(Locale.ROOT)
                    .withResolverStyle(ResolverStyle.STRICT);

    private Times() {}

    /**
     * Returns the milliseconds since 1970-01-01T00:00Z of a text; null if it is not a time.
     *
     * @param text ISO 8601, with a T or a space between date and time; or a number
     */
    public static @Nullable Long parse(String text) {
        Double number = Numbers.parse(text);
        if (number != null) {
            return ofNumber(number);
        }
        if (text.length() < MIN_LENGTH || text.length() > MAX_LENGTH) {
            return null;
        }
        try {
            TemporalAccessor time =
                    ISO.parseBest(text, Times::instant, LocalDateTime::from, LocalDate::from);
            if (time instanceof Instant instant) {
                return instant.toEpochMilli();
            }
            LocalDateTime local =
                    time instanceof LocalDate date ? date.atStartOfDay() : LocalDateTime.from(time);
            return local.toInstant(ZoneOffset.UTC).toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            return null; // not a time: the caller says so
        }
    }

    private static Instant instant(TemporalAccessor time) {
        ZoneOffset offset = time.query(TemporalQueries.offset());
        if (offset == null) {
            throw new DateTimeException("no offset");
        }
        return LocalDateTime.from(time).toInstant(offset);
    }

    /** Returns the milliseconds of a number of seconds or milliseconds; null if out of range. */
    public static @Nullable Long ofNumber(double number) {
        double size = Math.abs(number);
        if (size < FIRST_MILLISECONDS) {
            return Math.round(number * 1000);
        }
        return size <= MAX_MILLISECONDS ? Math.round(number) : null;
    }

    /**
     * Writes sine and cosine of the hour of the day and of the day of the week, in UTC.
     *
     * @param millis milliseconds since 1970-01-01T00:00Z
     * @param columns receives four values, starting at index {@code at}. Modified.
     */
    public static void writeColumns(long millis, float[] columns, int at) {
        double days = millis / DAY;
        double hourAngle = 2 * Math.PI * (days - Math.floor(days));
        double weeks = (days + EPOCH_WEEKDAY) / DAYS_OF_WEEK;
        double weekAngle = 2 * Math.PI * (weeks - Math.floor(weeks));
        columns[at] = (float) Math.sin(hourAngle);
        columns[at + 1] = (float) Math.cos(hourAngle);
        columns[at + 2] = (float) Math.sin(weekAngle);
        columns[at + 3] = (float) Math.cos(weekAngle);
    }
}
