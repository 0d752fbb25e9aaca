package io.freshet.pipeline;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Topics that a job reads: a list of names, or a pattern that whole names match.
 *
 * @param names names in the given order; empty if there is a pattern
 * @param pattern regular expression; null if there are names
 */
public record TopicSelection(List<String> names, @Nullable String pattern) implements Serializable {
    /** Description of the values of a setting. */
    static final String TYPE =
            "names of topics, separated by commas, or a regular expression between slashes";

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9._-]+");

    public TopicSelection {
        if (names.isEmpty() == (pattern == null)) {
            throw new IllegalArgumentException(names + ", " + pattern);
        }
        names = List.copyOf(names);
    }

    /** Returns the selection of one topic. */
    public static TopicSelection of(String topic) {
        return new TopicSelection(List.of(topic), null);
    }

    /**
     * Returns the selection that a setting describes.
     *
     * @throws IllegalArgumentException whose message describes the expected values
     */
    static TopicSelection parse(String text) {
        if (text.length() > 2 && text.startsWith("/") && text.endsWith("/")) {
            String pattern = text.substring(1, text.length() - 1);
            try {
                Pattern.compile(pattern);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(TYPE + "; " + e.getDescription(), e);
            }
            return new TopicSelection(List.of(), pattern);
        }
        List<String> names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        if (!names.stream().allMatch(name -> NAME.matcher(name).matches())) {
            throw new IllegalArgumentException(
                    TYPE + "; a name has letters, digits, dots, hyphens and underscores");
        }
        if (new HashSet<>(names).size() < names.size()) {
            throw new IllegalArgumentException(TYPE + ", each name once");
        }
        return new TopicSelection(names, null);
    }

    /** Returns the topics of this selection and of another. */
    TopicSelection plus(TopicSelection other) {
        if (pattern == null && other.pattern == null) {
            return new TopicSelection(
                    Stream.concat(names.stream(), other.names.stream()).distinct().toList(), null);
        }
        return new TopicSelection(List.of(), expression() + "|" + other.expression());
    }

    private String expression() {
        return pattern == null
                ? names.stream().map(Pattern::quote).collect(Collectors.joining("|"))
                : "(?:" + pattern + ")";
    }

    /** Returns whether a topic is selected. */
    public boolean selects(String topic) {
        return pattern == null ? names.contains(topic) : Pattern.matches(pattern, topic);
    }

    /** Returns the text of the setting. */
    @Override
    public String toString() {
        return pattern == null ? String.join(",", names) : "/" + pattern + "/";
    }
}
