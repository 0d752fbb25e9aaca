package io.freshet.local.deadletters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.MutatedEvents;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.Header;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLetterTextTest {
    private static final long NOW = 1_700_000_000_000L;

    private static DeadLetterEvent event() {
        ByteBuffer bytes = ByteBuffer.wrap("some text".getBytes(StandardCharsets.UTF_8));
        return DeadLetterEvent.newBuilder()
                .setTopic("labelled-events")
                .setPartition(3)
                .setOffset(1234)
                .setTimestamp(Instant.ofEpochMilli(NOW))
                .setKey(bytes)
                .setValue(bytes)
                .setHeaders(List.of(new Header("name", bytes)))
                .setModelId("default")
                .setReason("TRUNCATED")
                .setDetail(
                        "a detail that is so long that it does not fit into one line of a"
                                + " terminal, and so has several")
                .build();
    }

    @Test
    void mutatedEvents_arePrintedInPrintableLinesOfEightyColumns() throws Exception {
        int count = 0;
        for (DeadLetterEvent event : MutatedEvents.of(event(), 1, 2_000)) {
            StoredDeadLetter letter = new StoredDeadLetter(event, NOW);
            StringWriter out = new StringWriter();
            PrintWriter print = new PrintWriter(out);
            DeadLetterText.printShort(print, letter);
            DeadLetterText.printLong(print, letter, true);
            assertThat(out.toString().lines())
                    .allMatch(line -> TerminalText.printable(line).equals(line))
                    .allMatch(line -> TerminalText.columns(line) <= 80);
            assertThat(DeadLetterJson.write(letter, true).lines()).hasSize(1);
            count++;
        }
        assertThat(count).isGreaterThan(500);
    }

    @Test
    void hexDump_hasSixteenBytesInALine() {
        byte[] bytes = new byte[18];
        bytes[0] = '|';
        bytes[17] = (byte) 0x80;

        assertThat(HexDump.lines(bytes))
                .containsExactly(
                        "00000000  7c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
                                + "  ||...............|",
                        "00000010  00 80                                          " + "  |..|");
        assertThat(HexDump.lines(new byte[0])).isEmpty();
        assertThat(HexDump.lines("grün\nrot".getBytes(StandardCharsets.UTF_8)))
                .containsExactly("grün", "rot");
        assertThat(HexDump.lines("\u001b[2J".getBytes(StandardCharsets.UTF_8)))
                .containsExactly(
                        "00000000  1b 5b 32 4a                                      |.[2J|");
    }

    @Test
    void place_isReadAsItIsPrinted() {
        MessagePlace place = MessagePlace.of(event());

        assertThat(place).hasToString("labelled-events/3/1234");
        assertThat(MessagePlace.parse(place.toString())).isEqualTo(place);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a/b", "a/1", "a/-1/2", "a/1/2/3", "a b/1/2", "a/1/9999999999999999999"})
    void placeOfAnotherForm_isRefused(String text) {
        assertThatThrownBy(() -> MessagePlace.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("must be topic/partition/offset");
    }

    @Test
    void since_isAnAgeOrATime() {
        assertThat(DeadLetterOptions.time("90 min", NOW))
                .isEqualTo(NOW - Duration.ofMinutes(90).toMillis());
        assertThat(DeadLetterOptions.time("3d", NOW))
                .isEqualTo(NOW - Duration.ofDays(3).toMillis());
        assertThat(DeadLetterOptions.time("2023-11-14T22:13:20Z", NOW)).isEqualTo(NOW);
        long local =
                LocalDateTime.of(2026, 3, 1, 0, 0)
                        .atZone(ZoneId.systemDefault())
                        .toInstant()
                        .toEpochMilli();
        assertThat(DeadLetterOptions.time("2026-03-01", NOW)).isEqualTo(local);
        assertThat(DeadLetterOptions.time("2026-03-01T00:00", NOW)).isEqualTo(local);
        assertThatThrownBy(() -> DeadLetterOptions.time("2026-02-30", NOW))
                .isInstanceOf(UserException.class);
    }

    @Test
    void filter_selectsByAllItsParts() {
        StoredDeadLetter letter = new StoredDeadLetter(event(), NOW);

        assertThat(filter(Set.of("TRUNCATED"), Set.of("default"), NOW).selects(letter)).isTrue();
        assertThat(filter(Set.of("OTHER"), Set.of("default"), NOW).selects(letter)).isFalse();
        assertThat(filter(Set.of("TRUNCATED"), Set.of("m"), NOW).selects(letter)).isFalse();
        assertThat(filter(Set.of("TRUNCATED"), Set.of("default"), NOW + 1).selects(letter))
                .isFalse();
        assertThat(filter(Set.of(), Set.of(), NOW).selectsAll()).isFalse();
    }

    private static DeadLetterFilter filter(Set<String> reasons, Set<String> models, long since) {
        return new DeadLetterFilter(Set.of(), reasons, models, OptionalLong.of(since));
    }

    @Test
    void identity_distinguishesMessagesAtTheSamePlace_andNullFromEmpty() {
        MessagePlace place = MessagePlace.of(event());
        byte[] one = {1};

        assertThat(DeadLetterIdentity.of(place, null, one))
                .isEqualTo(DeadLetterIdentity.of(place, null, new byte[] {1}))
                .isNotEqualTo(DeadLetterIdentity.of(place, one, null))
                .isNotEqualTo(DeadLetterIdentity.of(place, new byte[0], one))
                .isNotEqualTo(DeadLetterIdentity.of(place, null, new byte[] {2}));
    }
}
