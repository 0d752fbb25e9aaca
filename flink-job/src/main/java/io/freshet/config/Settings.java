package io.freshet.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Reader of settings that collects problems, so that all of them are reported at once.
 *
 * <p>Not thread-safe.
 */
public final class Settings {
    private final Map<String, String> values;
    private final Set<String> read = new HashSet<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Returns a reader of settings. An unknown key is a problem unless it begins with a prefix that
     * is passed through.
     *
     * @param values not modified
     * @param passThrough prefixes, each including its final dot
     */
    public static Settings of(
            Map<String, String> values, Collection<Key<?>> known, Set<String> passThrough) {
        Settings settings = new Settings(new HashMap<>(values));
        Set<String> names = new HashSet<>();
        known.forEach(key -> names.add(key.name()));
        for (String given : new TreeMap<>(values).keySet()) {
            if (!names.contains(given) && passThrough.stream().noneMatch(given::startsWith)) {
                settings.problem("unknown key " + given + nearest(given, names));
            }
        }
        return settings;
    }

    private static String nearest(String given, Set<String> names) {
        return nearestName(given, names)
                .map(name -> "; the nearest known one is " + name)
                .orElse("");
    }

    /** Returns the name with the smallest edit distance from a given one; empty without names. */
    public static Optional<String> nearestName(String given, Set<String> names) {
        return names.stream()
                .min(
                        Comparator.<String>comparingInt(name -> editDistance(given, name))
                                .thenComparing(Comparator.naturalOrder()));
    }

    /** Returns the number of characters to insert, delete or replace between two names. */
    public static int editDistance(String one, String other) {
        return LevenshteinDistance.getDefaultInstance().apply(one, other);
    }

    /**
     * Returns the value of a key, or its default. A value that is missing or cannot be parsed is
     * recorded as a problem, and a placeholder is returned.
     */
    public <T> T get(Key<T> key) {
        String text = values.get(key.name());
        boolean first = read.add(key.name());
        if (text == null) {
            if (first && key.required()) {
                problem(key.name() + " is missing: " + key.type());
            }
            return key.placeholder();
        }
        try {
            return key.parse(text.strip());
        } catch (IllegalArgumentException e) {
            if (first) {
                problem(key.name() + " = " + text + ": must be " + e.getMessage());
            }
            return key.placeholder();
        }
    }

    /** Returns whether a key is set, to its default or to another value. */
    public boolean isGiven(Key<?> key) {
        return values.containsKey(key.name());
    }

    /** Returns whether a key has its default value; true if its value cannot be parsed. */
    public <T> boolean isDefault(Key<T> key) {
        return key.isDefault(get(key));
    }

    /**
     * Records a problem for each key that has no effect under a selected option and is set.
     *
     * @param selector key that selects the option
     * @param effective keys of the selected option
     * @param all keys of all options
     */
    public void refuseIneffective(
            Key<?> selector, Collection<Key<?>> effective, Collection<Key<?>> all) {
        refuseIneffective(List.of(selector), effective, all);
    }

    /**
     * Records a problem like the other method, for keys that only options of several selectors use.
     */
    public void refuseIneffective(
            List<Key<?>> selectors, Collection<Key<?>> effective, Collection<Key<?>> all) {
        for (Key<?> key : all) {
            if (!effective.contains(key) && !isDefault(key)) {
                problem(
                        assignment(key)
                                + " has no effect with "
                                + selectors.stream()
                                        .map(this::assignment)
                                        .collect(Collectors.joining(" and ")));
            }
        }
    }

    /** Returns the text of a key's value as it was given, or of its default. */
    public String text(Key<?> key) {
        String text = values.get(key.name());
        return text != null
                ? text.strip()
                : key.defaultText().orElseGet(() -> Key.text(key.placeholder()));
    }

    /** Returns {@code name = value} for use in a message, the value as it was given. */
    public String assignment(Key<?> key) {
        return key.name() + " = " + text(key);
    }

    /** Returns the settings whose names begin with a prefix, by their names without it. */
    public Map<String, String> withPrefix(String prefix) {
        Map<String, String> found = new TreeMap<>();
        values.forEach(
                (name, value) -> {
                    if (name.startsWith(prefix)) {
                        found.put(name.substring(prefix.length()), value.strip());
                    }
                });
        return found;
    }

    /** Returns the problems recorded so far. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /** Records a problem, once: stages may share keys. */
    public void problem(String problem) {
        if (!problems.contains(problem)) {
            problems.add(problem);
        }
    }

    /** Returns the warnings recorded so far. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Records a warning, which does not prevent the start. */
    public void warn(String warning) {
        warnings.add(warning);
    }

    /**
     * Throws if any problem was recorded.
     *
     * @throws ConfigurationException with all problems
     */
    public void throwIfProblems() {
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }
}
