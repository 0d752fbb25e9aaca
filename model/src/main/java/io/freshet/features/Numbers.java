package io.freshet.features;

import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parser of numbers that are written as text: decimal digits with an optional sign, point and
 * exponent, as JSON, CSV and Python write them. Forms that only Java reads as numbers, such as
 * {@code 1d} and {@code 0x1p4}, are not numbers.
 */
public final class Numbers {
    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");
    private static final Set<String> INFINITE = Set.of("inf", "infinity");

    private Numbers() {}

    /**
     * Returns the number; null if the text is none. NaN is a number here, and so is an infinity.
     *
     * @param text without spaces around it
     */
    public static @Nullable Double parse(String text) {
        if (isDecimal(text)) {
            return Double.valueOf(text);
        }
        if (text.length() == 3 && text.equalsIgnoreCase("nan")) {
            return Double.NaN;
        }
        int sign = !text.isEmpty() && (text.charAt(0) == '-' || text.charAt(0) == '+') ? 1 : 0;
        String unsigned = text.substring(sign);
        for (String infinite : INFINITE) {
            if (unsigned.equalsIgnoreCase(infinite)) {
                return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
        }
        return null;
    }

    /** Returns whether text is a whole number that a long holds, in digits. */
    public static boolean isWhole(String text) {
        return WHOLE.matcher(text).matches();
    }

    private static boolean isDecimal(String text) {
        int length = text.length();
        if (length > MessageLimits.NUMBER_LENGTH) {
            return false;
        }
        int at = skipSign(text, 0);
        int start = at;
        at = skipDigits(text, at);
        int digits = at - start;
        if (at < length && text.charAt(at) == '.') {
            start = ++at;
            at = skipDigits(text, at);
            digits += at - start;
        }
        if (digits == 0) {
            return false;
        }
        if (at < length && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
            start = skipSign(text, at + 1);
            at = skipDigits(text, start);
            if (at == start) {
                return false;
            }
        }
        return at == length;
    }

    private static int skipSign(String text, int at) {
        return at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+')
                ? at + 1
                : at;
    }

    private static int skipDigits(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at;
    }
}
