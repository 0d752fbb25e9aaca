package io.freshet.local.table;

import io.freshet.features.Numbers;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Style in which the numbers of a column are written. */
public enum NumberStyle {
    /** Digits, with a point before the fraction. */
    PLAIN,
    /** Commas between groups of three digits, and a point before the fraction. */
    THOUSANDS,
    /** A comma before the fraction, and perhaps points between groups of three digits. */
    DECIMAL_COMMA;

    private static final Pattern COMMA_GROUPS =
            Pattern.compile("[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\\.[0-9]*)?");
    private static final Pattern POINT_GROUPS =
            Pattern.compile("[+-]?[1-9][0-9]{0,2}(\\.[0-9]{3})+(,[0-9]*)?");

    /** Returns the number that a text is in this style; null if it is none. */
    public @Nullable Double parse(String text) {
        boolean hasComma = text.indexOf(',') >= 0;
        boolean hasPoint = text.indexOf('.') >= 0;
        boolean reads =
                switch (this) {
                    case PLAIN -> !hasComma;
                    case THOUSANDS -> !hasComma || COMMA_GROUPS.matcher(text).matches();
                    case DECIMAL_COMMA -> !hasPoint || POINT_GROUPS.matcher(text).matches();
                };
        return reads ? Numbers.parse(normalise(text)) : null;
    }

    /** Returns the text of a number in this style as plain digits with a point. */
    public String normalise(String text) {
        return switch (this) {
            case PLAIN -> text;
            case THOUSANDS -> text.replace(",", "");
            case DECIMAL_COMMA -> text.replace(".", "").replace(',', '.');
        };
    }
}
