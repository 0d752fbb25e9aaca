package io.freshet.text;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Comma-separated list of texts in one line. An item that contains a comma or a quote, or begins or
 * ends with a space, is written in double quotes, and a quote in it twice, as in CSV (RFC 4180).
 */
public final class QuotedList {
    private static final char QUOTE = '"';

    private QuotedList() {}

    /**
     * Returns the items, without their quotes and without the spaces around them.
     *
     * @throws IllegalArgumentException if a quote is not closed, or text follows it
     */
    public static List<String> parse(String text) {
        List<String> items = new ArrayList<>();
        int at = 0;
        while (true) {
            int start = skipSpaces(text, at);
            if (start < text.length() && text.charAt(start) == QUOTE) {
                StringBuilder item = new StringBuilder();
                at = skipSpaces(text, readQuoted(text, start, item));
                if (at < text.length() && text.charAt(at) != ',') {
                    throw new IllegalArgumentException(
                            "text follows the closing quote of \"" + item + "\"");
                }
                items.add(item.toString());
            } else {
                int comma = text.indexOf(',', start);
                at = comma < 0 ? text.length() : comma;
                items.add(text.substring(Math.min(start, at), at).strip());
            }
            if (at >= text.length()) {
                return items;
            }
            at++;
        }
    }

    private static int skipSpaces(String text, int from) {
        int at = from;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /**
     * Reads a quoted text.
     *
     * @param start index of the opening quote
     * @param content receives the text without its quotes
     * @return index after the closing quote
     * @throws IllegalArgumentException if there is no closing quote
     */
    public static int readQuoted(String text, int start, StringBuilder content) {
        int at = start + 1;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != QUOTE) {
                content.append(c);
                at++;
            } else if (at + 1 < text.length() && text.charAt(at + 1) == QUOTE) {
                content.append(QUOTE);
                at += 2;
            } else {
                return at + 1;
            }
        }
        throw new IllegalArgumentException("a quote is not closed");
    }

    /** Returns a text in double quotes. */
    public static String quote(String text) {
        return QUOTE + text.replace("\"", "\"\"") + QUOTE;
    }

    /** Returns the text of a list, which {@link #parse} reads. */
    public static String format(List<String> items) {
        return items.stream().map(QuotedList::quoteIfNeeded).collect(Collectors.joining(","));
    }

    private static String quoteIfNeeded(String item) {
        return item.isEmpty()
                        || item.indexOf(',') >= 0
                        || item.indexOf(QUOTE) >= 0
                        || !item.equals(item.strip())
                ? quote(item)
                : item;
    }
}
