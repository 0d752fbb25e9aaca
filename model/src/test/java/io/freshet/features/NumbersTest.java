package io.freshet.features;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "-7,-7",
        "+7,7",
        ".5,0.5",
        "5.,5",
        "1e3,1000",
        "-1.5E-2,-0.015",
        "007,7",
        "NaN,NaN",
        "nan,NaN",
        "inf,Infinity",
        "-Infinity,-Infinity"
    })
    void decimalText_isANumber(String text, Double number) {
        assertThat(Numbers.parse(text)).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1d", "2f", "3D", "0x1p4", "", " 1", "1 ", "1,5", "1_000", "e3", "1e", "1e+", "--1",
                ".", "-", "+.", "1.2.3", "true", "NaNa", "infinit"
            })
    void otherText_isNone(String text) {
        assertThat(Numbers.parse(text)).isNull();
    }

    @Test
    void veryLongText_isNone() {
        assertThat(Numbers.parse("1".repeat(400))).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Numbers.parse("1".repeat(401))).isNull();
    }
}
