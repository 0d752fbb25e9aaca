package io.freshet.ingest;

import io.freshet.ingest.mapping.FeatureHasher;
import io.freshet.ingest.mapping.FieldNode;
import io.freshet.ingest.mapping.Times;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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

    /** Features that were added for the current message: the open row. */
    private final Examples added;

    private final float[] time = new float[TIME_COLUMNS];
    private @Nullable InvalidEventException violation;

    /**
     * @param numColumns number of columns, a power of 2
     * @param names names of the features that are known beforehand
     */
    HashedFeatures(int numColumns, List<String> names) {
        hasher = new FeatureHasher(numColumns);
        added = new Examples(numColumns, 0, 1, true);
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
        added.reserve();
        violation = null;
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
        if (!accepted && violation == null) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.TEXT_TOO_LONG,
                            field.path()
                                    + " has "
                                    + text.length()
                                    + " characters, more than "
                                    + FeatureHasher.MAX_TEXT_LENGTH);
        }
        return accepted;
    }

    private void add(FieldNode field, long hash, float value) {
        SparseRows row = added.requireSparse();
        if (value == 0) {
            return;
        }
        if (row.openLength() < FeatureHasher.MAX_FEATURES) {
            row.add(hasher.column(hash), FeatureHasher.sign(hash) * value);
        } else if (violation == null) {
            violation =
                    new InvalidEventException(
                            DeadLetterReason.TOO_MANY_FEATURES,
                            "the event has more than "
                                    + FeatureHasher.MAX_FEATURES
                                    + " features, from "
                                    + field.path()
                                    + " on");
        }
    }

    /** Returns why the features cannot be used; null if they can. */
    @Nullable InvalidEventException violation() {
        return violation;
    }

    /**
     * Copies the features of the message to an open row.
     *
     * @param values values of the features that are known beforehand, NaN if missing. Not modified.
     */
    void copyTo(SparseRows row, float[] values) {
        for (int i = 0; i < columns.length; i++) {
            float value = values[i];
            if (value != 0 && !Float.isNaN(value)) {
                row.add(columns[i], signs[i] * value);
            }
        }
        SparseRows from = added.requireSparse();
        int start = from.numValues();
        for (int i = start; i < start + from.openLength(); i++) {
            row.add(from.columns()[i], from.values()[i]);
        }
    }
}
