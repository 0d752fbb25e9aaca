package io.freshet.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A setting: its name, type, default, unit and meaning, written once beside the class that it
 * configures.
 *
 * @param <T> the type of its values
 */
public final class Key<T> {
    private final String name;
    private final @Nullable String defaultText;
    private final String type;
    private final String meaning;
    private final T standIn;
    private final Function<String, T> parser;

    /**
     * @param parser throws {@link IllegalArgumentException} with what it expected
     */
    private Key(
            String name,
            @Nullable String defaultText,
            String type,
            String meaning,
            T standIn,
            Function<String, T> parser) {
        this.name = name;
        this.defaultText = defaultText;
        this.type = type;
        this.meaning = meaning;
        this.parser = parser;
        this.standIn = defaultText == null ? standIn : parser.apply(defaultText);
    }

    /** A whole number. */
    public static Key<Integer> ofInt(
            String name, int defaultValue, int min, int max, String unit, String meaning) {
        return integer(name, Integer.toString(defaultValue), min, max, unit, meaning);
    }

    /** A whole number that must be given. */
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

    /** A whole number, or {@code off}, which is the default. */
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

    /** A finite number within bounds that it may reach. */
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

    /** A finite number within bounds that it may reach, or a word that stands for none. */
    public static Key<Optional<Double>> ofDoubleOr(
            String word, String name, String defaultText, double min, double max, String meaning) {
        Key<Double> number = ofDouble(name, min, min, max, meaning);
        return orWord(word, ", or ", number, defaultText);
    }

    /** What another key takes, or a word that stands for none. */
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

    /** Finite numbers within bounds that they may reach, with commas between them; may be empty. */
    public static Key<List<Double>> ofDoubles(
            String name, String defaultText, double min, double max, String meaning) {
        Key<Double> number = ofDouble(name, min, min, max, meaning);
        String type = "numbers with commas between them, each " + number.type;
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

    /** True or false. */
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

    /** A time, such as {@code 200 ms}. */
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

    /** A time, or {@code off}. */
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

    /** One of an enum's constants, in kebab case. */
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

    /** One of an enum's constants, in kebab case, or a word that stands for none: the default. */
    public static <E extends Enum<E>> Key<Optional<E>> ofEnumOr(
            String word, String name, Class<E> constants, String meaning) {
        Key<E> constant = ofEnum(name, constants.getEnumConstants()[0], meaning);
        return orWord(word, " or ", constant, word);
    }

    /** Some of an enum's constants, in kebab case with commas between them; may be empty. */
    public static <E extends Enum<E>> Key<List<E>> ofEnums(
            String name, String defaultText, Class<E> constants, String meaning) {
        String type =
                "any of "
                        + Arrays.stream(constants.getEnumConstants())
                                .map(Key::kebab)
                                .collect(Collectors.joining(", "))
                        + ", each once, with commas between them";
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

    /** How an enum's constant is written in settings: {@code READ_ONLY} is {@code read-only}. */
    public static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Text that is not blank. */
    public static Key<String> ofText(String name, String defaultText, String meaning) {
        return text(name, defaultText, meaning);
    }

    /** Text that must be given. */
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

    /** Texts with commas between them. */
    public static Key<List<String>> ofList(String name, String defaultText, String meaning) {
        return list(name, defaultText, meaning);
    }

    /** Texts with commas between them, at least one. */
    public static Key<List<String>> requiredList(String name, String meaning) {
        return list(name, null, meaning);
    }

    private static Key<List<String>> list(
            String name, @Nullable String defaultText, String meaning) {
        return new Key<>(
                name,
                defaultText,
                "texts with commas between them",
                meaning,
                List.of(),
                text -> {
                    if (text.isBlank()) {
                        if (defaultText == null) {
                            throw new IllegalArgumentException("at least one text");
                        }
                        return List.of();
                    }
                    List<String> items =
                            Arrays.stream(text.split(",", -1)).map(String::strip).toList();
                    if (items.contains("")) {
                        throw new IllegalArgumentException("no empty text between the commas");
                    }
                    return items;
                });
    }

    /** The name, such as {@code mini-batch.size}. */
    public String name() {
        return name;
    }

    /** The default as it would be written; none if the key must be given. */
    public Optional<String> defaultText() {
        return Optional.ofNullable(defaultText);
    }

    /** What values there are, with their unit and bounds. */
    public String type() {
        return type;
    }

    /** What the setting means. */
    public String meaning() {
        return meaning;
    }

    /** Whether there is no default. */
    public boolean required() {
        return defaultText == null;
    }

    /** The default or, without one, a value to go on with while problems are collected. */
    T standIn() {
        return standIn;
    }

    /**
     * Parses a value.
     *
     * @throws IllegalArgumentException with what was expected
     */
    T parse(String text) {
        return parser.apply(text);
    }

    @Override
    public String toString() {
        return name;
    }
}
