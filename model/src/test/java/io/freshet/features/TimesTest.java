package io.freshet.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
    @ParameterizedTest
    @CsvSource({
        "2024-01-31T10:00:00Z,2024-01-31T10:00:00Z",
        "2024-01-31 10:00:00,2024-01-31T10:00:00Z",
        "2024-01-31T10:00,2024-01-31T10:00:00Z",
        "2024-01-31,2024-01-31T00:00:00Z",
        "2024-01-31T10:00:00.123456+02:00,2024-01-31T08:00:00.123Z",
        "2024-01-31T10:00:00+0200,2024-01-31T08:00:00Z",
        "2024-01-31 10:00:00 +02:00,2024-01-31T08:00:00Z",
        "1706695200,2024-01-31T10:00:00Z",
        "1706695200.5,2024-01-31T10:00:00.500Z",
        "1706695200123,2024-01-31T10:00:00.123Z",
        "-86400,1969-12-31T00:00:00Z"
    })
    void isoTextSecondsAndMilliseconds_areTimes(String text, Instant time) {
        assertThat(Times.parse(text)).isEqualTo(time.toEpochMilli());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "yesterday", "2024-02-30", "2024-13-01", "2024-01-31T25:00:00Z",
                "31.01.2024", "2024-01-31T10:00:00Zzz", "1e15", "inf", "2024-01-31T"
            })
    void otherText_isNone(String text) {
        assertThat(Times.parse(text)).isNull();
    }

    @Test
    void columns_areTheAnglesOfHourAndWeekday() {
        float[] columns = new float[6];

        // A Monday at 06:00: a quarter of the day, and a quarter of a day into the week.
        Times.writeColumns(Instant.parse("2024-01-29T06:00:00Z").toEpochMilli(), columns, 1);

        assertThat(columns[0]).isZero();
        assertThat(columns[1]).isCloseTo(1f, within(1e-6f));
        assertThat(columns[2]).isCloseTo(0f, within(1e-6f));
        assertThat(columns[3]).isCloseTo((float) Math.sin(2 * Math.PI / 28), within(1e-6f));
        assertThat(columns[4]).isCloseTo((float) Math.cos(2 * Math.PI / 28), within(1e-6f));
        assertThat(columns[5]).isZero();
    }

    @Test
    void timesBefore1970_haveTheSameAngles() {
        float[] before = new float[4];
        float[] after = new float[4];

        Times.writeColumns(Instant.parse("1969-12-29T06:00:00Z").toEpochMilli(), before, 0);
        Times.writeColumns(Instant.parse("2024-01-29T06:00:00Z").toEpochMilli(), after, 0);

        assertThat(before).containsExactly(after, within(1e-5f));
    }
}
