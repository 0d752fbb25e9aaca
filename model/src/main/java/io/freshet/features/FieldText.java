package io.freshet.features;

/** Texts that are the values of fields, and values as text. */
public final class FieldText {
    /** Largest size of the whole numbers that are all represented by a double. */
    public static final double MAX_WHOLE = 1L << 53;

    private static final int MAX_QUOTED = 60;

    private FieldText() {}

    /** Returns whether text stands for a missing value. */
    public static boolean isMissing(String text) {
        return text.isBlank() || text.strip().equalsIgnoreCase("nan");
    }

    /** Returns a number as text: a whole number without a fraction. */
    public static String of(double value) {
        return value == Math.rint(value) && Math.abs(value) <= MAX_WHOLE
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    /** Returns a text in quotation marks for a message, shortened if it is long. */
    public static String quoted(String text) {
        return text.length() <= MAX_QUOTED
                ? "\"" + text + "\""
                : "\"" + text.substring(0, MAX_QUOTED) + "…\"";
    }
}
