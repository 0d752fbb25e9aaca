package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicSelectionTest {
    @Test
    void names_areSelectedAsTheyAre() {
        TopicSelection selection = TopicSelection.parse("b.x, a_1 ,c-2");

        assertThat(selection.names()).containsExactly("b.x", "a_1", "c-2");
        assertThat(selection.pattern()).isNull();
        assertThat(selection.selects("b.x")).isTrue();
        assertThat(selection.selects("b_x")).isFalse();
        assertThat(selection).hasToString("b.x,a_1,c-2");
        assertThat(SerializationUtils.roundtrip(selection)).isEqualTo(selection);
        assertThat(TopicSelection.of("a")).isEqualTo(TopicSelection.parse("a"));
    }

    @Test
    void pattern_selectsWholeNames() {
        TopicSelection selection = TopicSelection.parse("/orders-(eu|us)/");

        assertThat(selection.names()).isEmpty();
        assertThat(selection.selects("orders-eu")).isTrue();
        assertThat(selection.selects("old-orders-eu")).isFalse();
        assertThat(selection.selects("orders-eu-2")).isFalse();
        assertThat(selection).hasToString("/orders-(eu|us)/");
        assertThat(SerializationUtils.roundtrip(selection)).isEqualTo(selection);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a,,b; a name has letters, digits",
                "a b; a name has letters, digits",
                "a,/b.*/; a name has letters, digits",
                "//; a name has letters, digits",
                "orders-.*; a name has letters, digits",
                "a,b,a; each name once",
                "/orders-(/; Unclosed group"
            })
    void otherText_isRefused(String text, String reason) {
        assertThatThrownBy(() -> TopicSelection.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("names of topics, separated by commas, or a regular")
                .hasMessageContaining(reason);
    }

    @Test
    void twoSelections_selectTheTopicsOfBoth() {
        TopicSelection names = TopicSelection.parse("a.b,c");
        TopicSelection pattern = TopicSelection.parse("/x-.*/");
        assertThat(names.plus(TopicSelection.of("d")).names()).containsExactly("a.b", "c", "d");
        for (TopicSelection both : List.of(names.plus(pattern), pattern.plus(names))) {
            assertThat(both.selects("a.b")).isTrue();
            assertThat(both.selects("c")).isTrue();
            assertThat(both.selects("x-1")).isTrue();
            assertThat(both.selects("aXb")).isFalse();
            assertThat(both.selects("cx-1")).isFalse();
            assertThat(TopicSelection.parse(both.toString())).isEqualTo(both);
        }
    }
}
