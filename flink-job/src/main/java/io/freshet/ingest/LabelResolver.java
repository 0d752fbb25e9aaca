package io.freshet.ingest;

import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Resolver of labels, as events have them, to class indices and targets. Keeps the label that was
 * resolved last. Not thread-safe.
 *
 * <p>If all class names are whole numbers, a whole number that is a label is a class name, and so
 * is {@code label.ignore-index}. Otherwise both are class indices, and a label that is written as
 * {@code label.ignore-index} is ignored as well, unless a class has that name. Where classes are
 * open, every label is a class name.
 */
final class LabelResolver {
    /**
     * Largest accepted deviation of a label's sum of probabilities from 1, which allows for their
     * rounding to floats.
     */
    private static final double SUM_TOLERANCE = 1e-3;

    /** Label of a class that only its name identifies. */
    private static final int ANY_CLASS = 0;

    private final List<String> classes;
    private final Map<String, Integer> indexByName = new HashMap<>();
    private final Map<Long, Integer> indexByNumber = new HashMap<>();
    private final boolean namesAreNumbers;
    private final LabelType labelType;
    private final int numTargets;
    private final @Nullable Integer ignoreIndex;

    private int label = Examples.UNLABELLED;
    private @Nullable String className;
    private boolean hasIgnoreIndex;
    private @Nullable InvalidEventException violation;

    LabelResolver(IngestConfig config) {
        classes = config.classes();
        labelType = config.labelType();
        numTargets = config.numTargets();
        ignoreIndex = config.ignoreIndex();
        namesAreNumbers = ClassNames.areWholeNumbers(classes);
        for (int i = 0; i < classes.size(); i++) {
            indexByName.put(classes.get(i), i);
            if (namesAreNumbers) {
                indexByNumber.put(Long.valueOf(classes.get(i)), i);
            }
        }
    }

    /** Forgets the last label: the event is unlabelled until a label is resolved. */
    void clear() {
        label = Examples.UNLABELLED;
        className = null;
        hasIgnoreIndex = false;
        violation = null;
    }

    /** Resolves a whole number: a class name if all names are whole numbers, else an index. */
    void resolveIndex(long number) {
        if (namesAreNumbers) {
            resolveNumber(number);
        } else if (isIgnoreIndex(number)) {
            hasIgnoreIndex = true;
        } else if (number < 0 || number >= classes.size()) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.LABEL_OUT_OF_RANGE,
                            "class index "
                                    + number
                                    + " is out of range for "
                                    + classes.size()
                                    + " classes");
        } else {
            label = (int) number;
        }
    }

    /** Resolves a whole number that is a class name. */
    void resolveNumber(long number) {
        Integer index = indexByNumber.get(number);
        if (namesAreNumbers && isIgnoreIndex(number)) {
            hasIgnoreIndex = true;
        } else if (index != null) {
            label = index;
        } else {
            resolveName(Long.toString(number));
        }
    }

    /** Returns whether there is a class of a name. */
    boolean hasClass(String name) {
        return indexByName.containsKey(name);
    }

    /** Resolves a class name. */
    void resolveName(String name) {
        Integer index = indexByName.get(name);
        if (index != null) {
            resolveClass(index);
        } else if (ignoreIndex != null && isIgnored(name)) {
            hasIgnoreIndex = true;
        } else if (classes.isEmpty()) {
            resolveOpen(name);
        } else {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.UNKNOWN_CLASS,
                            "the label \"" + name + "\" is not among classes");
        }
    }

    private void resolveOpen(String name) {
        if (name.isBlank() || name.length() > ClassNames.MAX_LENGTH) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.INVALID_CLASS_NAME,
                            name.isBlank()
                                    ? "a class name is blank"
                                    : "a class name of "
                                            + name.length()
                                            + " characters; at most "
                                            + ClassNames.MAX_LENGTH
                                            + " are accepted");
        } else {
            label = ANY_CLASS;
            className = name;
        }
    }

    /** Resolves text that is a class name, or stands for a missing label. */
    void resolveText(String text) {
        String name = text.strip();
        if (hasClass(name) || !ClassNames.isMissing(name)) {
            resolveName(name);
        }
    }

    private boolean isIgnored(String name) {
        return ClassNames.isWholeNumber(name) && isIgnoreIndex(Long.parseLong(name));
    }

    /** Resolves the class of an index that exists. */
    void resolveClass(int index) {
        hasIgnoreIndex =
                isIgnoreIndex(namesAreNumbers ? Long.parseLong(classes.get(index)) : index);
        label = hasIgnoreIndex ? Examples.UNLABELLED : index;
    }

    private boolean isIgnoreIndex(long number) {
        return ignoreIndex != null && ignoreIndex == number;
    }

    /** Writes 1 for the class and 0 for the others; 0 for all without a label. */
    void writeOneHot(float[] targets, int from) {
        if (numTargets > 0) {
            Arrays.fill(targets, from, from + numTargets, 0);
            if (label != Examples.UNLABELLED) {
                targets[from + label] = 1;
            }
        }
    }

    /**
     * Resolves a label of one value per class.
     *
     * @param targets the values, starting at index {@code from}
     * @param count number of values that the event has; if it is not the number of classes, the
     *     values are not read
     */
    void resolveTargets(float[] targets, int from, int count) {
        if (labelType == LabelType.CLASS) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.UNSUPPORTED_LABEL,
                            "a label of one value per class, but label.type is class");
        } else if (count != numTargets) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.WRONG_NUM_TARGETS,
                            "a label of " + count + " values for " + numTargets + " classes");
        } else {
            label = validateTargets(targets, from);
        }
    }

    /** Validates the targets; returns the class of the largest one, ties to the lowest index. */
    private int validateTargets(float[] targets, int from) {
        int largest = 0;
        double sum = 0;
        for (int k = 0; k < numTargets; k++) {
            float target = targets[from + k];
            if (!(target >= 0 && target <= 1)) {
                violation =
                        new InvalidEventException(
                                DeadLetterReason.TARGET_OUT_OF_RANGE,
                                "the label's value for class \""
                                        + classes.get(k)
                                        + "\" is "
                                        + target);
                return largest;
            }
            if (target > targets[from + largest]) {
                largest = k;
            }
            sum += target;
        }
        if (labelType == LabelType.PROBABILITIES && Math.abs(sum - 1) > SUM_TOLERANCE) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.TARGETS_DO_NOT_SUM_TO_ONE,
                            "the label's probabilities sum to " + (float) sum);
        }
        return largest;
    }

    /**
     * Returns the class index, or {@link Examples#UNLABELLED}; an index without a meaning if there
     * is a {@link #className()}.
     */
    int label() {
        return label;
    }

    /** Returns the class name where classes are open; null otherwise and without a label. */
    @Nullable String className() {
        return className;
    }

    /** Returns whether the label is {@code label.ignore-index}. */
    boolean hasIgnoreIndex() {
        return hasIgnoreIndex;
    }

    /** Returns why the label cannot be used; null if it can. */
    @Nullable InvalidEventException violation() {
        return violation;
    }
}
