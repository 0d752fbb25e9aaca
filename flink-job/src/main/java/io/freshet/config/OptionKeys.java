package io.freshet.config;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The keys that configure one kind of object, such as a loss or a drift detector, each with the
 * property of the object that it sets, so that an object's settings can be read back from it.
 *
 * <p>Not thread-safe until all keys have been added.
 *
 * @param <T> type of the configured object
 */
public final class OptionKeys<T> {
    private final Class<T> type;
    private final Map<Key<?>, Function<T, ?>> properties = new LinkedHashMap<>();

    public OptionKeys(Class<T> type) {
        this.type = type;
    }

    /**
     * Adds a key.
     *
     * @param property returns the value under which the object was created; of a key that may also
     *     be a word, such as {@code auto}, the value that it stood for
     * @return the key
     */
    public <V> Key<V> add(Key<V> key, Function<T, ?> property) {
        properties.put(key, property);
        return key;
    }

    /** Returns the keys in the order in which they were added. */
    public List<Key<?>> keys() {
        return List.copyOf(properties.keySet());
    }

    /**
     * Returns the keys of several options, each key once, in the order of the options.
     *
     * @param keys function that returns the keys of an option
     */
    public static <O> List<Key<?>> keysOf(O[] options, Function<O, OptionKeys<?>> keys) {
        return Arrays.stream(options)
                .<Key<?>>flatMap(option -> keys.apply(option).keys().stream())
                .distinct()
                .toList();
    }

    /**
     * Returns the option whose keys configure an object.
     *
     * @param keys function that returns the keys of an option
     * @throws java.util.NoSuchElementException if there is none
     */
    public static <O> O optionOf(O[] options, Function<O, OptionKeys<?>> keys, Object object) {
        return Arrays.stream(options)
                .filter(option -> keys.apply(option).configure(object))
                .findFirst()
                .orElseThrow();
    }

    /** Returns whether these keys configure an object of this type. */
    public boolean configure(Object object) {
        return type.isInstance(object);
    }

    /**
     * Returns the settings that an object was created with, by the name of their key.
     *
     * @throws ClassCastException if these keys do not {@linkplain #configure configure} it
     */
    public Map<String, String> values(Object object) {
        T configured = type.cast(object);
        Map<String, String> values = new TreeMap<>();
        properties.forEach(
                (key, property) -> values.put(key.name(), Key.text(property.apply(configured))));
        return values;
    }
}
