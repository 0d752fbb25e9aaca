package io.freshet.local.deadletters;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.TimeText;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.Header;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Text of dead letters for a terminal, in lines of at most 80 columns. */
public final class DeadLetterText {
    private static final int WIDTH = 80;
    private static final int LABEL = 11;
    private static final String INDENT = "    ";
    private static final int MAX_BYTES = 1024;

    private DeadLetterText() {}

    /** Prints numbers by reason, the largest first, with their sum. */
    public static void printCounts(PrintWriter out, Map<String, Long> byReason) {
        long sum = byReason.values().stream().mapToLong(Long::longValue).sum();
        String reasons =
                byReason.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .map(
                                each ->
                                        String.format(
                                                Locale.ROOT,
                                                "%,d %s",
                                                each.getValue(),
                                                printable(each.getKey())))
                        .collect(Collectors.joining(", "));
        wrapped(
                out,
                "",
                String.format(
                        Locale.ROOT,
                        "%,d %s%s",
                        sum,
                        sum == 1 ? "dead letter" : "dead letters",
                        reasons.isEmpty() ? "" : ": " + reasons));
    }

    /** Prints a dead letter in a line for its place and one or more for its reason. */
    public static void printShort(PrintWriter out, StoredDeadLetter letter) {
        DeadLetterEvent event = letter.event();
        wrapped(
                out,
                "",
                TimeText.time(letter.publishedAt()) + "  " + printable(letter.place().toString()));
        wrapped(
                out,
                INDENT,
                printable(event.getReason() + ", " + model(event) + ": " + event.getDetail()));
    }

    private static String model(DeadLetterEvent event) {
        return event.getModelId().isEmpty() ? "model unknown" : "model " + event.getModelId();
    }

    /**
     * Prints everything about a dead letter.
     *
     * @param whole whether to print all bytes; otherwise at most {@value #MAX_BYTES} of the key and
     *     of the value
     */
    public static void printLong(PrintWriter out, StoredDeadLetter letter, boolean whole) {
        DeadLetterEvent event = letter.event();
        row(out, "message", letter.place().toString());
        row(out, "sent", TimeText.time(event.getTimestamp().toEpochMilli()));
        row(out, "set aside", TimeText.time(letter.publishedAt()));
        row(out, "reason", event.getReason());
        row(out, "detail", event.getDetail());
        row(out, "model", event.getModelId().isEmpty() ? "unknown" : event.getModelId());
        List<Header> headers = event.getHeaders();
        row(out, "headers", headers.isEmpty() ? "none" : "");
        for (Header header : headers) {
            out.println(INDENT + TerminalText.fit(printable(header.getKey()), WIDTH - 4));
            bytes(out, "", StoredDeadLetter.bytes(header.getValue()), whole);
        }
        bytes(out, "key", letter.key(), whole);
        bytes(out, "value", letter.value(), whole);
    }

    private static void bytes(
            PrintWriter out, String label, byte @Nullable [] bytes, boolean whole) {
        if (bytes == null) {
            row(out, label, "null");
            return;
        }
        boolean cut = !whole && bytes.length > MAX_BYTES;
        row(
                out,
                label,
                String.format(
                        Locale.ROOT,
                        "%,d %s%s",
                        bytes.length,
                        bytes.length == 1 ? "byte" : "bytes",
                        cut ? ", of which the first " + MAX_BYTES + " (--whole)" : ""));
        HexDump.lines(cut ? Arrays.copyOf(bytes, MAX_BYTES) : bytes).forEach(out::println);
    }

    private static void row(PrintWriter out, String label, String text) {
        String start = label;
        for (String line : TerminalText.wrapped(printable(text), WIDTH - LABEL)) {
            out.println(
                    String.format(Locale.ROOT, "%-" + LABEL + "s%s", start, line).stripTrailing());
            start = "";
        }
    }

    private static void wrapped(PrintWriter out, String indent, String text) {
        TerminalText.wrapped(text, WIDTH - indent.length())
                .forEach(line -> out.println(indent + line));
    }
}
