package io.freshet.config;

import io.freshet.text.QuotedList;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.configuration.MemorySize;
import org.jspecify.annotations.Nullable;

/**
 * Definition of a setting: its name, type, default, unit and meaning, declared beside the class
 * that it configures.
 *
 * @param <T> the type of its values
 */
public final class Key<T> {
    private final String name;
    private final @Nullable String defaultText;
    private final String type;
    private final String meaning;
    private final T placeholder;
    private final Function<String, T> parser;
    private final boolean changeable;
    private final @Nullable BiPredicate<T, T> isAddition;
    private final @Nullable T formerDefault;
    private final @Nullable String formerValue;

    /**
     * @param parser function from a text to a value; throws an {@link IllegalArgumentException}
     *     whose message describes the expected values
     */
    private Key(
            String name,
            @Nullable String defaultText,
            String type,
            String meaning,
            T placeholder,
            Function<String, T> parser) {
        this.name = name;
        this.defaultText = defaultText;
        this.type = type;
        this.meaning = meaning;
        this.parser = parser;
        this.placeholder = defaultText == null ? placeholder : parser.apply(defaultText);
        changeable = false;
        isAddition = null;
        formerDefault = null;
        formerValue = null;
    }

    private Key(
            Key<T> other,
            boolean changeable,
            @Nullable BiPredicate<T, T> isAddition,
            @Nullable T formerDefault,
            @Nullable String formerValue) {
        name = other.name;
        defaultText = other.defaultText;
        type = other.type;
        meaning = other.meaning;
        parser = other.parser;
        placeholder = other.placeholder;
        this.changeable = changeable;
        this.isAddition = isAddition;
        this.formerDefault = formerDefault;
        this.formerValue = formerValue;
    }

    /**
     * Returns this key with a value that was the default before. It keeps its meaning, but counts
     * as a default: files that list all keys have it, and states of earlier versions.
     */
    public Key<T> withFormerDefault(String text) {
        return new Key<>(this, changeable, isAddition, parse(text), formerValue);
    }

    /**
     * Returns this key with the value that all jobs had before there was the key, and that their
     * states have: a value that decides the form of the state, so that a job cannot change it when
     * it resumes.
     */
    public Key<T> withFormerValue(String text) {
        return new Key<>(this, changeable, isAddition, formerDefault, text);
    }

    /** Returns whether the value decides the form of the state, so that it cannot change. */
    public boolean isFormOfState() {
        return formerValue != null;
    }

    /** Returns the value of a job whose state does not know this key; empty if it is required. */
    public Optional<String> textBefore() {
        return Optional.ofNullable(formerValue == null ? defaultText : formerValue);
    }

    /** Returns whether the default was another value before. */
    public boolean hasFormerDefault() {
        return formerDefault != null;
    }

    /** Returns whether a value is the default, or was before. */
    boolean isDefault(T value) {
        return value.equals(placeholder) || value.equals(formerDefault);
    }

    /**
     * Returns this key, marked as one whose value may change when a job resumes from its state: a
     * key that changes neither what is learnt nor the meaning of a published figure.
     */
    public Key<T> changeable() {
        return new Key<>(this, true, isAddition, formerDefault, formerValue);
    }

    /**
     * Returns this key, marked as one whose value may be extended when a job resumes from its
     * state: what the value stands for keeps its place, and something is added at the end.
     *
     * @param isExtension whether the second value is the first with something added
     */
    public Key<T> extensible(BiPredicate<T, T> isExtension) {
        return new Key<>(this, changeable, isExtension, formerDefault, formerValue);
    }

    /** Returns whether the value may be extended when a job resumes from its state. */
    public boolean isExtensible() {
        return isAddition != null;
    }

    /** Returns whether a list begins with all items of another. */
    public static <E> boolean startsWith(List<E> beginning, List<E> list) {
        return list.size() >= beginning.size()
                && list.subList(0, beginning.size()).equals(beginning);
    }

    /**
     * Returns whether a text stands for the value of another text with something added at the end,
     * which may change when a job resumes from its state; false for a text that is no value.
     */
    public boolean isExtension(String saved, String configured) {
        try {
            return isAddition != null && isAddition.test(parse(saved), parse(configured));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns whether the value may change when a job resumes from its state. */
    public boolean isChangeable() {
        return changeable;
    }

    /**
     * Returns whether two texts stand for the same value, or for the default and a former one; a
     * text that is no value equals none.
     */
    public boolean isSameValue(String a, String b) {
        try {
            T first = parse(a);
            T second = parse(b);
            return first.equals(second) || (isDefault(first) && isDefault(second));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns a key for a whole number. */
    public static Key<Integer> ofInt(
            String name, int defaultValue, int min, int max, String unit, String meaning) {
        return integer(name, Integer.toString(defaultValue), min, max, unit, meaning);
    }

    /** Returns a key for a whole number, without a default. */
    public static Key<Integer> requiredInt(
            String name, int min, int max, String unit, String meaning) {
        return integer(name, null, min, max, unit, meaning);
    }

    private static Key<Integer> integer(
            String name,
            @Nullable String defaultText,
            int min,
            int max,
            String unit,
            String meaning) {
        String type = "a whole number of " + unit + ", " + min + " to " + max;
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                min,
                text -> {
                    int value;
                    try {
                        value = Integer.parseInt(text);
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                    if (value < min || value > max) {
                        throw new IllegalArgumentException(type);
                    }
                    return value;
                });
    }

    /** Returns a key for a whole number or {@code off}, which is the default. */
    public static Key<Optional<Integer>> ofOptionalInt(String name, String meaning) {
        String type = "a whole number, or off";
        return new Key<>(
                name,
                "off",
                type,
                meaning,
                Optional.empty(),
                text -> {
                    if (text.equals("off")) {
                        return Optional.empty();
                    }
                    try {
                        return Optional.of(Integer.parseInt(text));
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                });
    }

    /** Returns a key for a finite number within inclusive bounds. */
    public static Key<Double> ofDouble(
            String name, double defaultValue, double min, double max, String meaning) {
        String type =
                (min == Double.MIN_VALUE ? "a number above 0" : "a number, at least " + min)
                        + (max == Math.nextDown(1.0) ? " and below 1" : ", at most " + max);
        return new Key<>(
                name,
                Double.toString(defaultValue),
                type,
                meaning,
                defaultValue,
                text -> {
                    double value;
                    try {
                        value = Double.parseDouble(text);
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                    if (!(value >= min && value <= max) || Double.isInfinite(value)) {
                        throw new IllegalArgumentException(type);
                    }
                    return value;
                });
    }

    /** Returns a key for a finite number within inclusive bounds, or a word that means none. */
    public static Key<Optional<Double>> ofDoubleOr(
            String word, String name, String defaultText, double min, double max, String meaning) {
        Key<Double> number = ofDouble(name, min, min, max, meaning);
        return orWord(word, ", or ", number, defaultText);
    }

    /** Returns a key for {@link #ofDoubles} or a word, which is the default. */
    public static Key<Optional<List<Double>>> ofDoublesOr(
            String word, String name, double min, double max, String meaning) {
        return orWord(word, ", or ", ofDoubles(name, "", min, max, meaning), word);
    }

    /** Returns a key for the values of another key, or a word that means none. */
    private static <T> Key<Optional<T>> orWord(
            String word, String or, Key<T> other, String defaultText) {
        String type = word + or + other.type;
        return new Key<>(
                other.name,
                defaultText,
                type,
                other.meaning,
                Optional.empty(),
                text -> {
                    if (text.equals(word)) {
                        return Optional.empty();
                    }
                    try {
                        return Optional.of(other.parse(text));
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                });
    }

    /**
     * Returns a key for a comma-separated list of finite numbers within inclusive bounds; the list
     * may be empty.
     */
    public static Key<List<Double>> ofDoubles(
            String name, String defaultText, double min, double max, String meaning) {
        Key<Double> number = ofDouble(name, min, min, max, meaning);
        String type = "comma-separated numbers, each " + number.type;
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                List.of(),
                text -> {
                    if (text.isBlank()) {
                        return List.of();
                    }
                    try {
                        return Arrays.stream(text.split(",", -1))
                                .map(item -> number.parse(item.strip()))
                                .toList();
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                });
    }

    /** Returns a key for true or false. */
    public static Key<Boolean> ofBoolean(String name, boolean defaultValue, String meaning) {
        String type = "true or false";
        return new Key<>(
                name,
                Boolean.toString(defaultValue),
                type,
                meaning,
                defaultValue,
                text ->
                        switch (text) {
                            case "true" -> true;
                            case "false" -> false;
                            default -> throw new IllegalArgumentException(type);
                        });
    }

    /** Returns a key for a duration, such as {@code 200 ms}. */
    public static Key<Duration> ofDuration(
            String name, String defaultText, Duration min, String meaning) {
        String type = Durations.TYPE + atLeast(min);
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                min,
                text ->
                        Durations.parse(text)
                                .filter(value -> value.compareTo(min) >= 0)
                                .orElseThrow(() -> new IllegalArgumentException(type)));
    }

    /** Returns a key for a duration, or {@code off}. */
    public static Key<Optional<Duration>> ofOptionalDuration(
            String name, String defaultText, Duration min, String meaning) {
        String type = Durations.TYPE + atLeast(min) + ", or off";
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                Optional.empty(),
                text -> {
                    if (text.equals("off")) {
                        return Optional.empty();
                    }
                    Optional<Duration> value = Durations.parse(text);
                    if (value.isEmpty() || value.get().compareTo(min) < 0) {
                        throw new IllegalArgumentException(type);
                    }
                    return value;
                });
    }

    private static String atLeast(Duration min) {
        return min.isZero() ? "" : ", at least " + min.toMillis() + " ms";
    }

    /** Returns a key for one of an enum's constants, in kebab case. */
    public static <E extends Enum<E>> Key<E> ofEnum(String name, E defaultValue, String meaning) {
        E[] constants = defaultValue.getDeclaringClass().getEnumConstants();
        String type = Arrays.stream(constants).map(Key::kebab).collect(Collectors.joining(" or "));
        return new Key<>(
                name,
                kebab(defaultValue),
                type,
                meaning,
                defaultValue,
                text ->
                        Arrays.stream(constants)
                                .filter(constant -> kebab(constant).equals(text))
                                .findFirst()
                                .orElseThrow(() -> new IllegalArgumentException(type)));
    }

    /**
     * Returns a key for one of an enum's constants, in kebab case, or a word that means none, which
     * is the default.
     */
    public static <E extends Enum<E>> Key<Optional<E>> ofEnumOr(
            String word, String name, Class<E> constants, String meaning) {
        Key<E> constant = ofEnum(name, constants.getEnumConstants()[0], meaning);
        return orWord(word, " or ", constant, word);
    }

    /**
     * Returns a key for a comma-separated list of an enum's constants, in kebab case, each at most
     * once; the list may be empty.
     */
    public static <E extends Enum<E>> Key<List<E>> ofEnums(
            String name, String defaultText, Class<E> constants, String meaning) {
        String type =
                "a comma-separated list of any of "
                        + Arrays.stream(constants.getEnumConstants())
                                .map(Key::kebab)
                                .collect(Collectors.joining(", "))
                        + ", each at most once";
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                List.of(),
                text -> {
                    if (text.isBlank()) {
                        return List.of();
                    }
                    List<E> chosen = new ArrayList<>();
                    for (String item : text.split(",", -1)) {
                        E constant =
                                Arrays.stream(constants.getEnumConstants())
                                        .filter(known -> kebab(known).equals(item.strip()))
                                        .findFirst()
                                        .orElseThrow(() -> new IllegalArgumentException(type));
                        if (chosen.contains(constant)) {
                            throw new IllegalArgumentException(type);
                        }
                        chosen.add(constant);
                    }
                    return List.copyOf(chosen);
                });
    }

    /** Returns an enum's constant as in settings: {@code READ_ONLY} is {@code read-only}. */
    public static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns a value as it is written in settings: {@code 0.001}, {@code read-only} and {@code
     * 1,0.5}, not {@code 1.0E-3}, {@code READ_ONLY} and {@code [1.0, 0.5]}.
     */
    public static String text(Object value) {
        if (value instanceof Enum<?> constant) {
            return kebab(constant);
        }
        if (value instanceof Double number) {
            return new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
        }
        if (value instanceof List<?> items) {
            return QuotedList.format(items.stream().map(Key::text).toList());
        }
        return value.toString();
    }

    /** Returns the names of an enum's constants as a phrase: {@code slow, fast and very-fast}. */
    public static String phrase(List<? extends Enum<?>> constants) {
        List<String> names = constants.stream().map(Key::kebab).toList();
        int last = names.size() - 1;
        return last < 1
                ? String.join("", names)
                : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    }

    /** Returns a key for text that is not blank. */
    public static Key<String> ofText(String name, String defaultText, String meaning) {
        return text(name, defaultText, meaning);
    }

    /** Returns a key for text that is not blank, or {@code off}, which is the default. */
    public static Key<Optional<String>> ofOptionalText(String name, String meaning) {
        return orWord("off", ", or ", text(name, null, meaning), "off");
    }

    /** Returns a key for text that is not blank, without a default. */
    public static Key<String> requiredText(String name, String meaning) {
        return text(name, null, meaning);
    }

    private static Key<String> text(String name, @Nullable String defaultText, String meaning) {
        return new Key<>(
                name,
                defaultText,
                "text",
                meaning,
                "",
                text -> {
                    if (text.isBlank()) {
                        throw new IllegalArgumentException("text that is not blank");
                    }
                    return text;
                });
    }

    /** Returns a key for a comma-separated list of texts; the list may be empty. */
    public static Key<List<String>> ofList(String name, String defaultText, String meaning) {
        return list(name, defaultText, meaning);
    }

    /** Returns a key for a comma-separated list of at least one text, without a default. */
    public static Key<List<String>> requiredList(String name, String meaning) {
        return list(name, null, meaning);
    }

    private static Key<List<String>> list(
            String name, @Nullable String defaultText, String meaning) {
        String type = "comma-separated texts; one with a comma is quoted: \"a, b\",c";
        return new Key<>(
                name,
                defaultText,
                type,
                meaning,
                List.of(),
                text -> {
                    if (text.isBlank()) {
                        if (defaultText == null) {
                            throw new IllegalArgumentException("at least one text");
                        }
                        return List.of();
                    }
                    List<String> items;
                    try {
                        items = QuotedList.parse(text);
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(type + "; " + e.getMessage(), e);
                    }
                    if (items.contains("")) {
                        throw new IllegalArgumentException(type + "; none of them empty");
                    }
                    return items;
                });
    }

    /**
     * Returns a key for values that have a syntax of their own.
     *
     * @param type description of the values, such as {@code a field path}
     * @param parser function from a text to a value; throws an {@link IllegalArgumentException}
     *     whose message describes the expected values
     */
    public static <T> Key<T> ofParsed(
            String name,
            String defaultText,
            String type,
            String meaning,
            Function<String, T> parser) {
        return new Key<>(name, defaultText, type, meaning, parser.apply(defaultText), parser);
    }

    /** Returns a key for a number of bytes, such as {@code 512 mb}. */
    public static Key<Long> ofBytes(String name, String defaultText, String meaning) {
        String type = "a size such as 512 mb or 4 gb";
        return ofParsed(
                name,
                defaultText,
                type,
                meaning,
                text -> {
                    try {
                        return MemorySize.parse(text.strip()).getBytes();
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(type, e);
                    }
                });
    }

    /** Returns a key for a whole number, or a word that means none, which is the default. */
    public static Key<Optional<Integer>> ofIntOr(
            String word, String name, int min, int max, String unit, String meaning) {
        return orWord(word, ", or ", requiredInt(name, min, max, unit, meaning), word);
    }

    /** Returns the name, such as {@code mini-batch.size}. */
    public String name() {
        return name;
    }

    /** Returns the default as it is written in settings; empty if the key is required. */
    public Optional<String> defaultText() {
        return Optional.ofNullable(defaultText);
    }

    /** Returns a description of the values, with their unit and bounds. */
    public String type() {
        return type;
    }

    /** Returns a description of the setting. */
    public String meaning() {
        return meaning;
    }

    /** Returns whether there is no default. */
    public boolean required() {
        return defaultText == null;
    }

    /** Returns the default or, for a required key, a placeholder while problems are collected. */
    T placeholder() {
        return placeholder;
    }

    /**
     * Parses a value.
     *
     * @throws IllegalArgumentException whose message describes the expected values
     */
    public T parse(String text) {
        return parser.apply(text);
    }

    @Override
    public String toString() {
        return name;
    }
}
