package io.freshet.features;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reader of one example after another from the features' names and values, as events in Freshet's
 * own format with named features have them: a number, or a category. Not thread-safe.
 */
public final class NameReader {
    private final FeatureHasher hasher;
    private final boolean missingIsInvalid;
    private final SparseValues values = new SparseValues();

    /**
     * @param hashBuckets number of columns, a power of 2
     * @param missingIsInvalid whether an example with a missing value cannot be used
     */
    public NameReader(int hashBuckets, boolean missingIsInvalid) {
        hasher = new FeatureHasher(hashBuckets);
        this.missingIsInvalid = missingIsInvalid;
    }

    /**
     * Reads an example.
     *
     * @param features values by name. Not modified.
     * @throws IllegalArgumentException if a feature cannot be used; the message has its name
     */
    public void read(Map<String, ?> features) {
        values.clear();
        for (Map.Entry<?, ?> feature : features.entrySet()) { // a key may be null, or no text
            read(FieldReader.name(feature.getKey(), "the example"), feature.getValue());
        }
    }

    /** Returns the features that are neither missing nor 0; the next example replaces them. */
    public SparseValues values() {
        return values;
    }

    private void read(String name, @Nullable Object value) {
        byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
        if (encoded.length == 0) {
            throw new IllegalArgumentException("a feature's name is empty");
        }
        requireLength("a feature's name", encoded.length, FeatureHasher.MAX_NAME_LENGTH);
        if (value instanceof Number number) {
            readNumber(name, encoded, number);
        } else if (value instanceof CharSequence text) {
            readCategory(name, encoded, text.toString());
        } else if (value == null) {
            missing(name);
        } else {
            throw new IllegalArgumentException(
                    quoted(name)
                            + " is a value of "
                            + value.getClass()
                            + ", neither a number nor a text");
        }
    }

    private void readNumber(String name, byte[] encoded, Number number) {
        float value = number.floatValue();
        if (Float.isNaN(value)) {
            missing(name);
        } else if (Float.isInfinite(value)) {
            throw new IllegalArgumentException(
                    quoted(name) + " is " + number + ", which no finite float holds");
        } else if (value != 0) {
            add(hasher.hash(encoded, 0, encoded.length), value);
        }
    }

    private void readCategory(String name, byte[] encoded, String category) {
        byte[] text = category.getBytes(StandardCharsets.UTF_8);
        requireLength(quoted(name), text.length, FeatureHasher.MAX_TEXT_LENGTH);
        if (text.length == 0) {
            missing(name);
        } else {
            byte[] prefix = Arrays.copyOf(encoded, encoded.length + 1);
            prefix[encoded.length] = '=';
            add(hasher.hash(prefix, category, 0, category.length()), 1);
        }
    }

    private void missing(String name) {
        if (missingIsInvalid) {
            throw new IllegalArgumentException(
                    quoted(name) + " is missing, and features.missing is dead-letter");
        }
    }

    private void add(long hash, float value) {
        if (values.size() == FeatureHasher.MAX_FEATURES) {
            throw new IllegalArgumentException(
                    "the example has more than " + FeatureHasher.MAX_FEATURES + " features");
        }
        values.add(hasher.column(hash), FeatureHasher.sign(hash) * value);
    }

    private static void requireLength(String what, int length, int limit) {
        if (length > limit) {
            throw new IllegalArgumentException(
                    what + " has " + length + " bytes, more than " + limit);
        }
    }

    private static String quoted(String name) {
        return "feature " + FieldText.quoted(name);
    }
}
