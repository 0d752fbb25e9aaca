package io.freshet.features;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reader of one example after another from the values of its fields: numbers, texts, booleans,
 * times, lists and maps, as JSON libraries give them. Fields that are no features are not read. Not
 * thread-safe.
 *
 * <p>A value becomes the same features as if it were in a JSON message that a job reads, and an
 * {@link Instant} those of an Avro time.
 */
public final class FieldReader {
    private final FeatureRow row;

    /** Fields of the features by their paths, where a path is not the name of a field itself. */
    private final Map<String, FieldNode> byPath = new HashMap<>();

    private @Nullable String problem;

    /**
     * @param columns fields that are features
     */
    public FieldReader(FeatureColumns columns) {
        row = new FeatureRow(columns, new Listener());
        for (FeatureField field : columns.features().fields()) {
            String path = field.path().toString();
            if (!row.root().hasMapped(path)) {
                byPath.put(path, row.root().node(field.path()));
            }
        }
    }

    /**
     * Reads an example.
     *
     * @param fields values by the name of the field, or by its path as the features are written.
     *     Not modified.
     * @throws IllegalArgumentException if a value cannot be used; the message has the field's path
     *     and says what was expected
     */
    public void read(Map<String, ?> fields) {
        problem = null;
        row.begin();
        readObject(fields, row.root(), 1);
        row.end();
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** Returns the values of the columns, NaN for missing ones; the next example replaces them. */
    public float[] dense() {
        return row.dense();
    }

    /** Passes on the features that are neither missing nor 0. */
    public void copyTo(FeatureConsumer consumer) {
        row.copyTo(consumer);
    }

    private void readObject(Map<?, ?> object, FieldNode at, int depth) {
        if (depth > MessageLimits.NESTING) {
            throw tooDeep(at);
        }
        object.forEach(
                (key, value) -> {
                    String name = name(key, at.depth() == 0 ? "the example" : at.path());
                    FieldNode field = field(at, name);
                    if (field != null && isRead(field)) {
                        row.see(field);
                        readValue(value, field, depth);
                    }
                });
    }

    /**
     * Returns a key of a map as the name of a field.
     *
     * @param map what has the key, for a message
     * @throws IllegalArgumentException if it is not text
     */
    static String name(@Nullable Object key, String map) {
        if (!(key instanceof CharSequence)) {
            throw new IllegalArgumentException(map + " has the key " + key + ", which is not text");
        }
        return key.toString();
    }

    private @Nullable FieldNode field(FieldNode object, String name) {
        FieldNode named = object.depth() == 0 ? byPath.get(name) : null;
        return named != null ? named : object.find(name);
    }

    /** Returns whether a field is a feature or has members that are, not only a label or an id. */
    private static boolean isRead(FieldNode field) {
        return field.numTargets() > 0
                || field.acceptsObject()
                || (field.acceptsList() && !field.isLabel());
    }

    private void readValue(@Nullable Object value, FieldNode field, int depth) {
        if (value == null) {
            return; // a missing value
        }
        if (value instanceof Map<?, ?> object) {
            if (field.acceptsObject()) {
                readObject(object, field, depth + 1);
            } else {
                row.wrongShape(field, "an object");
            }
        } else if (value instanceof List<?> list) {
            if (field.acceptsList()) {
                readList(list, field, depth + 1);
            } else {
                row.wrongShape(field, "a list");
            }
        } else if (!field.acceptsValue()) {
            row.wrongShape(field, describe(value));
        } else if (value instanceof Number number) {
            readNumber(number, field);
        } else if (value instanceof CharSequence text) {
            row.text(field, text(text, field));
        } else if (value instanceof Boolean bool) {
            row.bool(field, bool);
        } else if (value instanceof Instant time) {
            long millis = millis(time, field);
            row.time(field, millis, millis);
        } else {
            throw unknown(value, field.path());
        }
    }

    private void readNumber(Number number, FieldNode field) {
        if (number instanceof Integer || number instanceof Long) {
            row.number(
                    field, (double) number.longValue(), field.needsText() ? number.toString() : "");
            return;
        }
        String text = number.toString();
        row.number(field, value(number, text, field.path()), text);
    }

    /**
     * Returns the value that a number has where it is written as text: a float is the decimal
     * number that stands for it.
     */
    private static double value(Number number, String text, String path) {
        if (number instanceof Double) {
            return number.doubleValue();
        }
        Double value = Numbers.parse(text);
        if (value == null) {
            throw new IllegalArgumentException(
                    path
                            + " is "
                            + FieldText.quoted(text)
                            + ", not a decimal number of at most "
                            + MessageLimits.NUMBER_LENGTH
                            + " characters");
        }
        return value;
    }

    private void readList(List<?> list, FieldNode field, int depth) {
        if (depth > MessageLimits.NESTING) {
            throw tooDeep(field);
        }
        int index = 0;
        for (Object value : list) {
            FieldNode element = field.element(index);
            if (element != null) {
                row.see(element);
                readValue(value, element, depth);
            } else if (field.isList()) {
                readMember(value, field, index);
            }
            index++;
        }
        row.listEnd(field, index);
    }

    private void readMember(@Nullable Object value, FieldNode list, int index) {
        if (value == null) {
            row.listNumber(list, index, Double.NaN);
        } else if (value instanceof Number number) {
            String path = list.path() + "[" + index + "]";
            row.listNumber(list, index, value(number, number.toString(), path));
        } else if (value instanceof CharSequence text) {
            Double number = row.memberNumber(list, index, text(text, list));
            if (number != null) {
                row.listNumber(list, index, number);
            }
        } else if (value instanceof Boolean bool) {
            row.listNumber(list, index, bool ? 1 : 0);
        } else if (value instanceof Instant time) {
            row.listNumber(list, index, (double) millis(time, list));
        } else {
            row.wrongElement(list, index, describe(value));
        }
    }

    private static String text(CharSequence text, FieldNode field) {
        if (text.length() > MessageLimits.TEXT_LENGTH) {
            throw new IllegalArgumentException(
                    field.path()
                            + " has "
                            + text.length()
                            + " characters, more than "
                            + MessageLimits.TEXT_LENGTH);
        }
        return text.toString();
    }

    private static long millis(Instant time, FieldNode field) {
        try {
            return time.toEpochMilli();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    field.path() + " is " + time + ", too far from 1970 for milliseconds", e);
        }
    }

    private static IllegalArgumentException unknown(Object value, String path) {
        return new IllegalArgumentException(
                path
                        + " is "
                        + describe(value)
                        + ", not a number, a text, true or false, an Instant, a List or a Map");
    }

    private static IllegalArgumentException tooDeep(FieldNode field) {
        return new IllegalArgumentException(
                field.path() + " is nested more than " + MessageLimits.NESTING + " levels deep");
    }

    private static String describe(Object value) {
        if (value instanceof Number) {
            return "a number";
        }
        if (value instanceof CharSequence) {
            return "text";
        }
        if (value instanceof Boolean) {
            return "true or false";
        }
        if (value instanceof Instant) {
            return "a time";
        }
        if (value instanceof Map) {
            return "an object";
        }
        return value instanceof List ? "a list" : "a value of " + value.getClass();
    }

    /** Keeps the first problem of an example. */
    private final class Listener implements FeatureListener {
        @Override
        public void invalid(FeatureProblem kind, String detail) {
            if (problem == null) {
                problem = detail;
            }
        }

        @Override
        public void rounded(int column, int field, String path, double value, float feature) {
            // The model was trained on numbers that were rounded in the same way.
        }
    }
}
