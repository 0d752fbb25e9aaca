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
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Settings being read: problems are collected, so that all of them can be named at once.
 *
 * <p>Not thread-safe.
 */
public final class Settings {
    private final Map<String, String> values;
    private final Set<String> read = new HashSet<>();
    private final List<String> problems = new ArrayList<>();

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Settings of which every key must be known, or begin with a prefix that is passed through.
     *
     * @param values not modified
     * @param passThrough prefixes, each with its dot
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
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        Optional<String> nearest =
                names.stream()
                        .min(
                                Comparator.<String>comparingInt(name -> distance.apply(given, name))
                                        .thenComparing(Comparator.naturalOrder()));
        return nearest.map(name -> "; the nearest known one is " + name).orElse("");
    }

    /**
     * The value of a key, or its default. A value that is missing or cannot be read is a problem;
     * what is returned then is only there to go on with.
     */
    public <T> T get(Key<T> key) {
        String text = values.get(key.name());
        boolean first = read.add(key.name());
        if (text == null) {
            if (first && key.required()) {
                problem(key.name() + " is missing: " + key.type());
            }
            return key.standIn();
        }
        try {
            return key.parse(text.strip());
        } catch (IllegalArgumentException e) {
            if (first) {
                problem(key.name() + " = " + text + ": must be " + e.getMessage());
            }
            return key.standIn();
        }
    }

    /** The settings that begin with a prefix, without it. */
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

    /** Adds a problem that a stage found. */
    public void problem(String problem) {
        problems.add(problem);
    }

    /**
     * Ends the reading.
     *
     * @throws ConfigurationException if there was any problem
     */
    public void throwIfProblems() {
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }
}
