package io.freshet.local.table;

import io.freshet.features.Numbers;
import io.freshet.ingest.ClassNames;
import org.jspecify.annotations.Nullable;

/** Interpretation of the cells of a table. */
public final class Cells {
    private Cells() {}

    /** Returns text without the spaces around it, no-break spaces among them. */
    public static String strip(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return start == 0 && end == text.length() ? text : text.substring(start, end);
    }

    private static boolean isSpace(char c) {
        return c == '\u00A0' || Character.isWhitespace(c);
    }

    /** Returns the text of a cell without the spaces around it; null if the value is missing. */
    static @Nullable String value(String cell) {
        String text = strip(cell);
        return ClassNames.isMissing(text) ? null : text;
    }

    /** Returns whether text is a finite number. */
    public static boolean isNumber(String text) {
        Double number = Numbers.parse(text);
        return number != null && Double.isFinite(number);
    }
}
