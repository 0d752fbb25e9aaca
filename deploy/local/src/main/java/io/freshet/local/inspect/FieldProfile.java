package io.freshet.local.inspect;

import io.freshet.features.FieldPath;
import io.freshet.features.MessageLimits;
import io.freshet.features.Numbers;
import io.freshet.features.Times;
import io.freshet.ingest.ClassNames;
import io.freshet.local.table.DeclaredKind;
import io.freshet.local.table.NumberStyle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * Summary of the values that one field has: how many there are, which kinds fit all of them, and
 * the different values while they are few. The order of the values changes nothing but what numbers
 * the rows. Not thread-safe.
 */
public final class FieldProfile {
    /** Number of values whose hashes are kept to know whether all differ. */
    private static final int MAX_HASHES = 1_000_000;

    private static final XXHash64 XXH64 = XXHashFactory.fastestJavaInstance().hash64();
    private static final Set<String> BOOLEANS = Set.of("true", "false", "yes", "no", "t", "f");
    private static final int LONGEST_BOOLEAN = 5;

    private final FieldPath path;
    private long values;
    private long lastRow = -1;
    private final Map<NumberStyle, NumberSummary> summaries = new EnumMap<>(NumberStyle.class);
    private boolean times = true;
    private boolean booleans = true;
    private @Nullable Map<String, Long> counts = new LinkedHashMap<>();
    private long countedCharacters;
    private @Nullable Set<Long> hashes = new HashSet<>();
    private boolean distinct = true;
    private final TextCounts texts = new TextCounts();
    private long numbers;
    private @Nullable String notANumber;
    private @Nullable String withComma;
    private @Nullable String withPoint;
    private @Nullable NumberStyle assumed;
    private @Nullable DeclaredKind declared;

    FieldProfile(FieldPath path, Set<NumberStyle> numberStyles) {
        this.path = path;
        for (NumberStyle style : numberStyles) {
            summaries.put(style, new NumberSummary());
        }
    }

    /** Sets the kind that the file declares. */
    void declare(DeclaredKind kind) {
        declared = kind;
    }

    /** Returns the kind that the file declares; null if it declares none. */
    @Nullable DeclaredKind declared() {
        return declared;
    }

    /**
     * Notes that a row has the field.
     *
     * @return false if the row had it before
     */
    boolean see(long row) {
        boolean first = row != lastRow;
        lastRow = row;
        return first;
    }

    /** Adds a value that is not missing. */
    void add(String value) {
        values++;
        addNumber(value);
        if (!isNumeric()) {
            texts.add(value);
        }
        booleans =
                booleans
                        && value.length() <= LONGEST_BOOLEAN
                        && BOOLEANS.contains(value.toLowerCase(Locale.ROOT));
        times = times && Numbers.parse(value) == null && Times.parse(value) != null;
        if (counts != null) {
            if (counts.merge(value, 1L, Long::sum) == 1) {
                countedCharacters += value.length();
            }
            if (counts.size() > MessageLimits.CATEGORIES
                    || countedCharacters > MessageLimits.TEXT_LENGTH) {
                counts = null;
            }
        }
        if (distinct) {
            addHash(value);
        }
    }

    private void addNumber(String value) {
        boolean comma = value.indexOf(',') >= 0;
        boolean point = value.indexOf('.') >= 0;
        Double plain = NumberStyle.PLAIN.parse(value);
        boolean isNumber = plain != null;
        for (Map.Entry<NumberStyle, NumberSummary> summary : summaries.entrySet()) {
            NumberStyle style = summary.getKey();
            if (summary.getValue().isComplete() || !isNumber) {
                boolean asPlain = style == NumberStyle.DECIMAL_COMMA ? !(comma || point) : !comma;
                Double number = asPlain ? plain : style.parse(value);
                isNumber = isNumber || number != null;
                summary.getValue().add(number);
            }
        }
        if (isNumber) {
            numbers++;
            if (comma && withComma == null) {
                withComma = value;
            } else if (point && !comma && withPoint == null) {
                withPoint = value;
            }
        } else if (notANumber == null) {
            notANumber = value;
        }
    }

    private void addHash(String value) {
        if (hashes != null) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            distinct = hashes.add(XXH64.hash(bytes, 0, bytes.length, 0));
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

    /** Returns the number of values that are numbers in any style. */
    long numbers() {
        return numbers;
    }

    /** Returns the first value that is not a number; null if there is none. */
    @Nullable String notANumber() {
        return notANumber;
    }

    /** Returns the counts of the values, as far as they are not known to be numbers only. */
    TextCounts texts() {
        return texts;
    }

    /** Returns the first number with a comma; null if there is none. */
    @Nullable String withComma() {
        return withComma;
    }

    /** Returns the first number with a point and no comma; null if there is none. */
    @Nullable String withPoint() {
        return withPoint;
    }

    /** Returns whether all values are numbers in one style. */
    boolean isNumeric() {
        for (NumberSummary summary : summaries.values()) {
            if (summary.isComplete()) {
                return values > 0;
            }
        }
        return false;
    }

    /** Returns the styles in which all values are numbers. */
    private List<NumberStyle> styles() {
        return summaries.keySet().stream().filter(style -> summary(style).isComplete()).toList();
    }

    /** Returns whether the numbers can be read in two styles, as different numbers. */
    boolean isAmbiguous() {
        return isNumeric()
                && (withComma != null || withPoint != null)
                && styles().size() > 1
                && styles().contains(NumberStyle.DECIMAL_COMMA);
    }

    /** Sets the style that is assumed for a field that can be read in several. */
    void assume(NumberStyle style) {
        assumed = styles().contains(style) ? style : styles().get(0);
    }

    /** Returns the style of the numbers: one that reads all of them. */
    NumberStyle style() {
        if (assumed != null) {
            return assumed;
        }
        List<NumberStyle> styles = styles();
        return styles.isEmpty() ? NumberStyle.PLAIN : styles.get(0);
    }

    /** Returns the style in which ambiguous numbers could be read too. */
    NumberStyle otherStyle() {
        return styles().stream()
                .filter(
                        style ->
                                (style == NumberStyle.DECIMAL_COMMA)
                                        != (style() == NumberStyle.DECIMAL_COMMA))
                .findFirst()
                .orElse(NumberStyle.PLAIN);
    }

    /** Returns the summary of the numbers in their style. */
    NumberSummary summary() {
        return summary(style());
    }

    private NumberSummary summary(NumberStyle style) {
        return summaries.getOrDefault(style, new NumberSummary());
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
        return isNumeric() && summary().isSequence() && values > 1;
    }

    /** Returns whether all values are whole numbers. */
    boolean isInteger() {
        return isNumeric() && summary().isInteger();
    }

    /** Returns whether no value occurs twice, as far as that is known. */
    boolean isDistinct() {
        return distinct && values > 1;
    }

    /**
     * Returns how often each value occurs; null if there are more different ones, or longer ones,
     * than a feature can have as categories.
     */
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
