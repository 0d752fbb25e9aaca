package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignFormatTest {
    @ParameterizedTest
    @ValueSource(strings = {"{\"id\": \"e1\", \"features\": [1, 2]}", " [1, 2]\n", "{}"})
    void guess_isJson(String value) {
        assertThat(guess(value)).isEqualTo("it looks like JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"id\": \"e1\", \"feat", " {\n \"", "{\"a\": 1,"})
    void guess_isJsonThatIsCutOff(String value) {
        assertThat(guess(value)).isEqualTo("it looks like JSON that is cut off");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "{1, 2", "1;2;café", "<event/>"})
    void guess_isText(String value) {
        assertThat(guess(value)).isEqualTo("it looks like text");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "000000000708653130|it looks framed by a schema registry, with the schema id 7",
                "4f626a0104|it looks like a file of Avro",
                "1f8b0800|it looks compressed by gzip"
            })
    void guess_knowsTheFirstBytes(String hex, String guess) {
        assertThat(ForeignFormat.guess(HexFormat.of().parseHex(hex))).isEqualTo(guess);
    }

    @ParameterizedTest
    @ValueSource(strings = {"08653130300e64656661756c7400", "c3280102", "20", "0000000007"})
    void guess_isNull_ofOtherBytes(String hex) {
        assertThat(ForeignFormat.guess(HexFormat.of().parseHex(hex))).isNull();
    }

    @Test
    void guess_isNull_ofBrokenUtf8() {
        assertThat(ForeignFormat.guess(new byte[] {'{', (byte) 0xFF, '}'})).isNull();
    }

    private static String guess(String value) {
        return ForeignFormat.guess(value.getBytes(StandardCharsets.UTF_8));
    }
}
