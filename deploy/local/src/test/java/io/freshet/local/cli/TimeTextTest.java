package io.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeTextTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 ms",
        "999, 999 ms",
        "1000, 1.0 s",
        "9949, 9.9 s",
        "10000, 10 s",
        "119999, 119 s",
        "120000, 2 min",
        "7199999, 119 min",
        "7200000, 2 h",
        "172799999, 47 h",
        "172800000, 2 d"
    })
    void duration_hasOneUnit(long millis, String text) {
        assertThat(TimeText.duration(millis)).isEqualTo(text);
    }
}
