package io.freshet.local.table;

import io.freshet.ingest.mapping.Numbers;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Style in which the numbers of a column are written. */
public enum NumberStyle {
    /** Digits, with a point before the fraction. */
    PLAIN,
    /** Commas between groups of three digits, and a point before the fraction. */
    THOUSANDS,
    /** A comma before the fraction. */
    DECIMAL_COMMA;

    private static final Pattern GROUPS =
            Pattern.compile("[+-]?[0-9]{1,3}(,[0-9]{3})+(\\.[0-9]*)?");

    /** Returns the number that a text is in this style; null if it is none. */
    public @Nullable Double parse(String text) {
        boolean hasComma = text.indexOf(',') >= 0;
        if (!hasComma) {
            return this == DECIMAL_COMMA && text.indexOf('.') >= 0 ? null : Numbers.parse(text);
        }
        return switch (this) {
            case PLAIN -> null;
            case THOUSANDS ->
                    GROUPS.matcher(text).matches() ? Numbers.parse(normalise(text)) : null;
            case DECIMAL_COMMA -> text.indexOf('.') >= 0 ? null : Numbers.parse(normalise(text));
        };
    }

    /** Returns the text of a number in this style as plain digits with a point. */
    public String normalise(String text) {
        return switch (this) {
            case PLAIN -> text;
            case THOUSANDS -> text.replace(",", "");
            case DECIMAL_COMMA -> text.replace(',', '.');
        };
    }
}
