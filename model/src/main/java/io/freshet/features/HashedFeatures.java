package io.freshet.features;

import java.util.List;
import java.util.Locale;

/**
 * Features of one message after another whose names are hashed into columns. Not thread-safe.
 *
 * <p>Those whose names are known beforehand have a value each in an array of the caller; the others
 * are added as the message is read.
 */
final class HashedFeatures {
    private static final int TIME_COLUMNS = 4;

    private final FeatureHasher hasher;
    private final int[] columns;
    private final float[] signs;

    private final FeatureListener listener;

    /** Features that were added for the current message. */
    private final SparseValues added = new SparseValues();

    private final float[] time = new float[TIME_COLUMNS];
    private boolean exceeded;

    /**
     * @param numColumns number of columns, a power of 2
     * @param names names of the features that are known beforehand
     */
    HashedFeatures(int numColumns, List<String> names, FeatureListener listener) {
        hasher = new FeatureHasher(numColumns);
        this.listener = listener;
        columns = new int[names.size()];
        signs = new float[names.size()];
        for (int i = 0; i < columns.length; i++) {
            long hash = hasher.hash(names.get(i));
            columns[i] = hasher.column(hash);
            signs[i] = FeatureHasher.sign(hash);
        }
    }

    /** Begins a message. */
    void begin() {
        added.clear();
        exceeded = false;
    }

    /** Returns the column of a field that is not known beforehand. */
    int column(FieldNode field) {
        return hasher.column(field.hashedName(hasher).hash());
    }

    /** Returns the column of a feature that is known beforehand. */
    int column(int feature) {
        return columns[feature];
    }

    /** Adds a number. */
    void number(FieldNode field, float value) {
        add(field, field.hashedName(hasher).hash(), value);
    }

    /** Adds the sine and cosine of the hour of the day and of the day of the week. */
    void time(FieldNode field, long millis) {
        Times.writeColumns(millis, time, 0);
        long[] hashes = field.hashedName(hasher).timeHashes();
        for (int i = 0; i < TIME_COLUMNS; i++) {
            add(field, hashes[i], time[i]);
        }
    }

    /** Adds a category. */
    void category(FieldNode field, String category) {
        if (hasAcceptedLength(field, category)) {
            add(field, field.hashedName(hasher).hash(category), 1);
        }
    }

    /** Adds the words of a text, each as often as it occurs. */
    void words(FieldNode field, String text) {
        if (!hasAcceptedLength(field, text)) {
            return;
        }
        String lower = text.toLowerCase(Locale.ROOT);
        int start = 0;
        int at = 0;
        while (at < lower.length()) {
            int character = lower.codePointAt(at);
            int next = at + Character.charCount(character);
            if (!Character.isLetterOrDigit(character)) {
                addWord(field, lower, start, at);
                start = next;
            }
            at = next;
        }
        addWord(field, lower, start, at);
    }

    private void addWord(FieldNode field, String text, int from, int to) {
        if (to > from) {
            add(field, field.hashedName(hasher).hash(text, from, to), 1);
        }
    }

    private boolean hasAcceptedLength(FieldNode field, String text) {
        boolean accepted = text.length() <= FeatureHasher.MAX_TEXT_LENGTH;
        if (!accepted) {
            listener.invalid(
                    FeatureProblem.TEXT_TOO_LONG,
                    field.path()
                            + " has "
                            + text.length()
                            + " characters, more than "
                            + FeatureHasher.MAX_TEXT_LENGTH);
        }
        return accepted;
    }

    private void add(FieldNode field, long hash, float value) {
        if (value == 0) {
            return;
        }
        if (added.size() < FeatureHasher.MAX_FEATURES) {
            added.add(hasher.column(hash), FeatureHasher.sign(hash) * value);
        } else if (!exceeded) {
            exceeded = true;
            listener.invalid(
                    FeatureProblem.TOO_MANY_FEATURES,
                    "the event has more than "
                            + FeatureHasher.MAX_FEATURES
                            + " features, from "
                            + field.path()
                            + " on");
        }
    }

    /**
     * Passes on the features of the message.
     *
     * @param values values of the features that are known beforehand, NaN if missing. Not modified.
     */
    void copyTo(FeatureConsumer row, float[] values) {
        for (int i = 0; i < columns.length; i++) {
            float value = values[i];
            if (value != 0 && !Float.isNaN(value)) {
                row.add(columns[i], signs[i] * value);
            }
        }
        added.copyTo(row);
    }
}
