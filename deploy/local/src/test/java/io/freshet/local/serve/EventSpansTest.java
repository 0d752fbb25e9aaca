package io.freshet.local.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventSpansTest {
    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> events(EventSpans spans) {
        return IntStream.range(0, spans.size())
                .mapToObj(i -> new String(spans.event(i), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void object_isOneEvent() throws Exception {
        EventSpans spans = EventSpans.ofJson(utf8(" {\"a\": 1}\n"));
        assertThat(spans.isSingle()).isTrue();
        assertThat(events(spans)).containsExactly(" {\"a\": 1}\n");
    }

    @Test
    void list_hasItsMembers_byteForByte() throws Exception {
        EventSpans spans =
                EventSpans.ofJson(
                        utf8("[ {\"å\": [1, {}]} ,\"é]\",null, 12.5e3 ,{\"b\":\"}\"}, -1]"));
        assertThat(spans.isSingle()).isFalse();
        assertThat(events(spans))
                .containsExactly(
                        "{\"å\": [1, {}]}", "\"é]\"", "null", "12.5e3", "{\"b\":\"}\"}", "-1");
        assertThat(EventSpans.ofJson(utf8("[]")).size()).isZero();
    }

    @Test
    void manyEvents_areFound() throws Exception {
        String list = "[" + "{\"a\":1},".repeat(9_999) + "{}]";
        EventSpans spans = EventSpans.ofJson(utf8(list));
        assertThat(spans.size()).isEqualTo(10_000);
        assertThat(events(spans).subList(9_998, 10_000)).containsExactly("{\"a\":1}", "{}");
    }

    @Test
    void lines_areEvents_evenIfTheyAreNotJson() throws Exception {
        EventSpans spans = EventSpans.ofLines(utf8("{\"a\":1}\r\n\n  \nnonsense\n{\"b\":2}"));
        assertThat(spans.isSingle()).isFalse();
        assertThat(events(spans)).containsExactly("{\"a\":1}\r", "nonsense", "{\"b\":2}");
        assertThatThrownBy(() -> EventSpans.ofLines(utf8(" \n\n")))
                .hasMessage("The body has no events.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | it is empty.",
                "' \n' | it is empty.",
                "3 | it is neither.",
                "\"{}\" | it is neither.",
                "[{},{ | after 1 events",
                "[{},{}] 4 | Another value follows the list",
                "[{}{}] | from byte 3 on, after 1 events",
                "[{\"a\":nope}] | from byte",
            })
    void otherBodies_areRefused(String body, String problem) {
        assertThatThrownBy(() -> EventSpans.ofJson(utf8(body)))
                .isInstanceOf(HttpProblem.class)
                .hasMessageContaining(problem);
    }

    @Test
    void deepBody_isRefused() {
        assertThatThrownBy(() -> EventSpans.ofJson(utf8("[".repeat(100_000))))
                .isInstanceOf(HttpProblem.class)
                .hasMessageContaining("nesting depth");
    }
}
