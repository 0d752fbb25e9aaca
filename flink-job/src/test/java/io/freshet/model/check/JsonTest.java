package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void values_areNestedInOrder() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("b", List.of(1, 2L, 0.5));
        map.put("a", Map.of());
        map.put("c", List.of());
        map.put("d", Arrays.asList(true, null));

        assertThat(Json.of(map))
                .isEqualTo(
                        """
                        {
                          "b": [
                            1,
                            2,
                            0.5
                          ],
                          "a": {},
                          "c": [],
                          "d": [
                            true,
                            null
                          ]
                        }
                        """);
    }

    @Test
    void strings_areEscaped_andNumbersThatJsonLacksAreNull() {
        assertThat(Json.of("a\"b\\c\n\u0001µ")).isEqualTo("\"a\\\"b\\\\c\\u000a\\u0001µ\"\n");
        assertThat(Json.of(Double.NaN)).isEqualTo("null\n");
        assertThat(Json.of(Double.POSITIVE_INFINITY)).isEqualTo("null\n");
    }
}
