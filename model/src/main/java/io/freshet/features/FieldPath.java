package io.freshet.features;

import io.freshet.text.QuotedList;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Path to a field in a message: names with dots between them and, in brackets, indices of lists,
 * such as {@code user.age} and {@code readings[0].value}. A name that contains any of {@code
 * .:,()[]"} is written in brackets and quotes: {@code ["a.b"]}.
 *
 * @param steps names and indices from the outermost to the innermost, at least one; the first is a
 *     name
 */
public record FieldPath(List<Step> steps) implements Serializable {
    /** What a path is, for messages. */
    public static final String TYPE = "a field's path, such as user.age, readings[0] or [\"a.b\"]";

    /** Names that stand for something else where a path begins with them. */
    private static final Set<String> RESERVED = Set.of("key", "header");

    /** Characters that have a meaning in a path, or in the lists and kinds around it. */
    private static final String SPECIAL = ".:,()[]|\"*";

    /**
     * Step from an object or a list to one of its members.
     *
     * @param name name of the member of an object; empty for a member of a list
     * @param index index of the member of a list, counted from 0; -1 for a member of an object
     */
    public record Step(String name, int index) implements Serializable {
        public static Step name(String name) {
            return new Step(name, -1);
        }

        public static Step index(int index) {
            return new Step("", index);
        }

        /** Returns whether the step is to a member of a list. */
        public boolean isIndex() {
            return index >= 0;
        }
    }

    public FieldPath {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.get(0).isIndex()) {
            throw new IllegalArgumentException("a field's path begins with a name");
        }
    }

    /** Returns the path to a field of the message itself. */
    public static FieldPath of(String name) {
        return new FieldPath(List.of(Step.name(name)));
    }

    /** Returns the path to a member of the list at this path. */
    public FieldPath element(int index) {
        return child(Step.index(index));
    }

    /** Returns the path to a member of the object at this path. */
    public FieldPath member(String name) {
        return child(Step.name(name));
    }

    /** Returns the path to a member of the object or list at this path. */
    FieldPath child(Step step) {
        List<Step> longer = new ArrayList<>(steps);
        longer.add(step);
        return new FieldPath(longer);
    }

    /** Returns the name of the innermost object's member on the path. */
    public String name() {
        for (int i = steps.size() - 1; i > 0; i--) {
            if (!steps.get(i).isIndex()) {
                return steps.get(i).name();
            }
        }
        return steps.get(0).name();
    }

    /** Returns the name of a field of the message itself, or the path of another, for a person. */
    public String displayName() {
        return steps.size() == 1 ? name() : toString();
    }

    /** Returns the path of the object or list that the field is a member of. */
    public FieldPath parent() {
        return first(steps.size() - 1);
    }

    /** Returns the path that has the first steps of this one. */
    public FieldPath first(int numSteps) {
        return new FieldPath(steps.subList(0, numSteps));
    }

    /** Returns whether the field is in an object or list: a member of it, or of one in it. */
    public boolean isBelow(FieldPath other) {
        int depth = other.steps().size();
        return steps.size() > depth && first(depth).equals(other);
    }

    /** Returns the index of the field in its list; -1 if it is not a member of a list. */
    public int lastIndex() {
        return steps.get(steps.size() - 1).index();
    }

    /** Returns whether the field is the member of a list that is so many places after another. */
    public boolean isElementAfter(FieldPath other, int places) {
        return lastIndex() >= 0
                && other.lastIndex() >= 0
                && lastIndex() == other.lastIndex() + places
                && parent().equals(other.parent());
    }

    /** Returns the path as it is written in settings. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Step step : steps) {
            if (step.isIndex()) {
                text.append('[').append(step.index()).append(']');
            } else if (isPlain(step.name())) {
                text.append(text.isEmpty() ? "" : ".").append(step.name());
            } else {
                text.append('[').append(QuotedList.quote(step.name())).append(']');
            }
        }
        return text.toString();
    }

    private static boolean isPlain(String name) {
        return !name.isEmpty()
                && name.equals(name.strip())
                && !RESERVED.contains(name)
                && name.chars().noneMatch(c -> SPECIAL.indexOf(c) >= 0);
    }
}
