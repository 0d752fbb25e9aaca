package io.freshet.local.inspect;

import io.freshet.ingest.ClassNames;
import io.freshet.ingest.mapping.FieldPath;
import io.freshet.ingest.mapping.Numbers;
import io.freshet.ingest.mapping.Times;
import io.freshet.local.table.NumberStyle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Summary of the values that one field has: how many there are, which kinds fit all of them, and
 * the different values while they are few. Not thread-safe.
 */
public final class FieldProfile {
    /** Number of different values up to which they are counted. */
    static final int MAX_COUNTED = 1000;

    /** Number of values whose hashes are kept to know whether all differ. */
    private static final int MAX_HASHES = 1_000_000;

    private static final Set<String> BOOLEANS = Set.of("true", "false", "yes", "no", "t", "f");
    private static final int LONGEST_BOOLEAN = 5;

    private final FieldPath path;
    private long values;
    private final Map<NumberStyle, Boolean> numeric = new EnumMap<>(NumberStyle.class);
    private boolean times = true;
    private boolean booleans = true;
    private boolean integers = true;
    private boolean exact = true;
    private boolean sequence = true;
    private double min = Double.POSITIVE_INFINITY;
    private double last = Double.NaN;
    private @Nullable Map<String, Long> counts = new LinkedHashMap<>();
    private @Nullable Set<Integer> hashes = new HashSet<>();
    private boolean distinct = true;
    private final TextCounts texts = new TextCounts();
    private long numbers;
    private @Nullable String notANumber;

    FieldProfile(FieldPath path, Set<NumberStyle> numberStyles) {
        this.path = path;
        for (NumberStyle style : NumberStyle.values()) {
            numeric.put(style, numberStyles.contains(style));
        }
    }

    /** Adds a value that is not missing. */
    void add(String value) {
        values++;
        if (Numbers.parse(value) != null) {
            numbers++;
        } else if (notANumber == null) {
            notANumber = value;
        }
        addNumber(value);
        if (!isNumeric()) {
            texts.add(value);
        }
        booleans =
                booleans
                        && value.length() <= LONGEST_BOOLEAN
                        && BOOLEANS.contains(value.toLowerCase(Locale.ROOT));
        times = times && !isNumeric() && Times.parse(value) != null;
        if (counts != null) {
            counts.merge(value, 1L, Long::sum);
            if (counts.size() > MAX_COUNTED) {
                counts = null;
            }
        }
        if (distinct) {
            addHash(value);
        }
    }

    private void addNumber(String value) {
        boolean read = false;
        for (NumberStyle style : NumberStyle.values()) {
            if (numeric.getOrDefault(style, false)) {
                Double number = style.parse(value);
                if (number == null || !Double.isFinite(number)) {
                    numeric.put(style, false);
                } else if (!read) {
                    read = true;
                    addNumber((double) number);
                    if (style == NumberStyle.PLAIN) {
                        break; // the other styles read plain numbers in the same way
                    }
                }
            }
        }
    }

    private void addNumber(double number) {
        min = Math.min(min, number);
        integers = integers && number == Math.rint(number);
        exact = exact && (Math.abs(number) <= 1 << 24 || (float) number == number);
        sequence = sequence && (Double.isNaN(last) || number == last + 1);
        last = number;
    }

    private void addHash(String value) {
        if (hashes != null) {
            distinct = hashes.add(value.hashCode());
            if (!distinct || hashes.size() >= MAX_HASHES) {
                hashes = null;
            }
        }
    }

    /** Returns the path of the field. */
    public FieldPath path() {
        return path;
    }

    /** Returns the number of values that are not missing. */
    public long values() {
        return values;
    }

    /** Returns the number of values that are plain numbers. */
    long numbers() {
        return numbers;
    }

    /** Returns the first value that is not a plain number; null if there is none. */
    @Nullable String notANumber() {
        return notANumber;
    }

    /** Returns the counts of the values, as far as they are not known to be numbers only. */
    TextCounts texts() {
        return texts;
    }

    /** Returns whether all values are numbers in some style. */
    boolean isNumeric() {
        return numeric.containsValue(true) && values > 0;
    }

    /** Returns the style of the numbers: the first one that reads all of them. */
    NumberStyle style() {
        for (NumberStyle style : NumberStyle.values()) {
            if (numeric.getOrDefault(style, false)) {
                return style;
            }
        }
        return NumberStyle.PLAIN;
    }

    /** Returns whether all values are true or false, or yes or no. */
    boolean isBoolean() {
        return booleans && values > 0;
    }

    /** Returns whether all values are times in ISO 8601. */
    boolean isTime() {
        return times && values > 0;
    }

    /** Returns whether all values are whole numbers, each greater by 1 than the one before. */
    boolean isSequence() {
        return isNumeric() && integers && sequence && values > 1;
    }

    /** Returns whether all values are whole numbers. */
    boolean isInteger() {
        return isNumeric() && integers;
    }

    /** Returns whether every number fits into a float, apart from the rounding of fractions. */
    boolean fitsFloat() {
        return exact;
    }

    /** Returns whether no value occurs twice, as far as that is known. */
    boolean isDistinct() {
        return distinct && values > 1;
    }

    /** Returns the smallest number. */
    double min() {
        return min;
    }

    /** Returns how often each value occurs; null if there are too many different ones. */
    public @Nullable Map<String, Long> counts() {
        return counts;
    }

    /** Returns the different values in numeric order if all are whole numbers, else by name. */
    List<String> sortedValues() {
        return counts == null ? List.of() : sorted(counts.keySet());
    }

    static List<String> sorted(Set<String> names) {
        List<String> sorted = new ArrayList<>(names);
        sorted.sort(
                names.stream().allMatch(ClassNames::isWholeNumber)
                        ? Comparator.comparingLong(Long::parseLong)
                        : Comparator.naturalOrder());
        return sorted;
    }
}
