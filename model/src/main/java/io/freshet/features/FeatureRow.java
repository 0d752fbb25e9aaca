package io.freshet.features;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Features of one example after another that are put together from the values of its fields:
 * whoever walks the fields reports each value, and the kind of the field says which columns it
 * becomes.
 *
 * <p>A field that an example does not have, null, an empty text, NaN and a category that is not
 * listed are missing values: their columns are NaN, and sparse examples do not have them. Values
 * that cannot be used are reported to a listener. Not thread-safe.
 */
public final class FeatureRow {
    private final FieldNode root;
    private final FeatureListener listener;
    private final boolean missingIsInvalid;

    /** Values of the columns of the listed features; 0 for one with a value that is hashed. */
    private final float[] row;

    private final @Nullable HashedFeatures hashed;
    private final List<String> columnNames;

    /** Columns whose values each indicator behind them is about; empty without indicators. */
    private final int[] indicated;

    private long examples;

    /**
     * @param columns fields that are features
     * @param listener told of values that cannot be used
     */
    public FeatureRow(FeatureColumns columns, FeatureListener listener) {
        FeatureList features = columns.features();
        this.listener = listener;
        root = FieldNode.of(features, columns.others());
        missingIsInvalid = columns.missingIsInvalid();
        indicated =
                columns.hasIndicators()
                        ? features.indicators().values().stream()
                                .mapToInt(Integer::intValue)
                                .toArray()
                        : new int[0];
        row = new float[features.numColumns() + indicated.length];
        columnNames = features.columnNames();
        hashed =
                columns.isHashed()
                        ? new HashedFeatures(columns.hashBuckets(), columnNames, listener)
                        : null;
    }

    /** Returns the root of the tree of mapped fields. */
    public FieldNode root() {
        return root;
    }

    /** Begins an example. */
    public void begin() {
        examples++;
        root.beginMessage();
        if (hashed != null) {
            hashed.begin();
        }
        Arrays.fill(row, Float.NaN);
    }

    /** Reports that the example has a field; a second time is invalid. */
    public void see(FieldNode field) {
        if (!field.see(examples)) {
            invalid(FeatureProblem.DUPLICATE_FIELD, field, "is there twice");
        }
    }

    /**
     * Reports a field's value: a number.
     *
     * @param text the number as it was written; needed only if {@link FieldNode#needsText()}
     */
    public void number(FieldNode field, double value, String text) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            setNumber(target, target.column(), field.path(), value, text);
        }
        if (hashed != null && field.isOther() && !Double.isNaN(value)) {
            float feature = toFloat(field.path(), value, 0);
            hashed.number(field, feature);
            if (isRounded(value, feature)) {
                listener.rounded(hashed.column(field), -1, field.path(), value, feature);
            }
        }
    }

    private void setNumber(
            FieldNode.Target target, int column, String path, double value, String text) {
        if (Double.isNaN(value)) {
            return;
        }
        switch (target.field().kind()) {
            case NUMERIC -> setFeature(target, column, path, value);
            case BOOLEAN -> setBoolean(column, path, FieldText.of(value));
            case CATEGORICAL, TEXT -> {
                if (target.field().isOpen()) {
                    setCategory(target, Numbers.isWhole(text) ? text : FieldText.of(value));
                } else if (!setCategory(target, text)) {
                    setCategory(target, FieldText.of(value));
                }
            }
            case TIME -> setTime(column, path, Times.ofNumber(value), FieldText.of(value));
        }
    }

    /** Reports a member of a list of values. */
    public void listNumber(FieldNode list, int index, double value) {
        for (int i = 0; i < list.numTargets(); i++) {
            FieldNode.Target target = list.target(i);
            FeatureField feature = target.field();
            if (feature.isList() && index >= feature.from() && index < feature.to()) {
                int column = target.column() + index - feature.from();
                setNumber(target, column, columnNames.get(column), value, "");
            }
        }
    }

    /**
     * Returns the number that a member of a list of values is, which is text; NaN for a missing
     * one. Reports text that is no number, and returns null.
     */
    public @Nullable Double memberNumber(FieldNode list, int index, String text) {
        Double number =
                FieldText.isMissing(text)
                        ? Double.valueOf(Double.NaN)
                        : Numbers.parse(text.strip());
        if (number == null) {
            invalid(
                    FeatureProblem.WRONG_TYPE,
                    list,
                    "has the member "
                            + index
                            + ", "
                            + FieldText.quoted(text)
                            + ", which is not a number");
        }
        return number;
    }

    /** Reports the end of a list of values. */
    public void listEnd(FieldNode list, int length) {
        for (int i = 0; i < list.numTargets(); i++) {
            FeatureField feature = list.target(i).field();
            if (feature.isList() && length < feature.to()) {
                invalid(
                        FeatureProblem.WRONG_NUM_FEATURES,
                        list,
                        "has " + length + " values instead of " + feature.to());
            }
        }
    }

    /** Reports a field's value: text. */
    public void text(FieldNode field, String text) {
        for (int i = 0; i < field.numTargets(); i++) {
            setText(field.target(i), field.path(), text);
        }
        if (hashed != null && field.isOther() && !FieldText.isMissing(text)) {
            hashed.category(field, text.strip());
        }
    }

    private void setText(FieldNode.Target target, String path, String text) {
        if (FieldText.isMissing(text)) {
            return;
        }
        int column = target.column();
        switch (target.field().kind()) {
            case NUMERIC -> {
                Double number = Numbers.parse(text.strip());
                if (number == null) {
                    listener.invalid(
                            FeatureProblem.WRONG_TYPE,
                            path + " is " + FieldText.quoted(text) + ", not a number");
                } else {
                    setFeature(target, column, path, number);
                }
            }
            case BOOLEAN -> setBoolean(column, path, text.strip());
            case CATEGORICAL, TEXT -> setCategory(target, text);
            case TIME -> setTime(column, path, Times.parse(text.strip()), text);
        }
    }

    /** Reports a field's value: true or false. */
    public void bool(FieldNode field, boolean value) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            switch (target.field().kind()) {
                case NUMERIC, TIME -> {
                    if (target.field().isList()) {
                        row[target.column()] = value ? 1 : 0;
                    } else {
                        invalid(FeatureProblem.WRONG_TYPE, field, "is " + value + ", not a number");
                    }
                }
                case BOOLEAN -> row[target.column()] = value ? 1 : 0;
                case CATEGORICAL, TEXT -> setCategory(target, Boolean.toString(value));
            }
        }
        if (hashed != null && field.isOther()) {
            hashed.number(field, value ? 1 : 0);
        }
    }

    /**
     * Reports a field's value: a time, by its type.
     *
     * @param millis milliseconds since 1970-01-01T00:00Z
     * @param written number that the message has, in the unit of the type
     */
    public void time(FieldNode field, long millis, long written) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            if (target.field().kind() == FeatureKind.TIME) {
                Times.writeColumns(millis, row, target.column());
            } else {
                setNumber(
                        target,
                        target.column(),
                        field.path(),
                        (double) millis,
                        Long.toString(written));
            }
        }
        if (hashed != null && field.isOther()) {
            hashed.time(field, millis);
        }
    }

    /** Reports a value of another shape than the mapping says. */
    public void wrongShape(FieldNode field, String found) {
        String expected = "a list";
        if (field.isValue()) {
            expected = "a single value";
        } else if (field.acceptsObject()) {
            expected = "an object";
        }
        invalid(FeatureProblem.WRONG_TYPE, field, "is " + found + ", not " + expected);
    }

    /** Reports a member of a list of values that is an object or a list. */
    public void wrongElement(FieldNode list, int index, String found) {
        invalid(
                FeatureProblem.WRONG_TYPE,
                list,
                "has the member " + index + ", which is " + found + ", not a number");
    }

    /** Ends the example: from now on its features can be read. */
    public void end() {
        int firstIndicator = row.length - indicated.length;
        for (int i = 0; i < indicated.length; i++) {
            row[firstIndicator + i] = Float.isNaN(row[indicated[i]]) ? 1 : 0;
        }
        if (root.hasTooManyOthers()) {
            listener.invalid(
                    FeatureProblem.TOO_MANY_FEATURES,
                    "the event has more than " + FeatureHasher.MAX_FEATURES + " new fields");
        }
        if (missingIsInvalid) {
            int missing = firstMissing();
            if (missing >= 0) {
                listener.invalid(
                        FeatureProblem.MISSING_FEATURE,
                        columnNames.get(missing)
                                + " is missing, and features.missing is dead-letter");
            }
        }
    }

    private int firstMissing() {
        for (int column = 0; column < row.length; column++) {
            if (Float.isNaN(row[column])) {
                return column;
            }
        }
        return -1;
    }

    /**
     * Returns the values of the columns, NaN for missing ones; of columns that are hashed, those
     * that are known beforehand. The next example replaces them.
     */
    public float[] dense() {
        return row;
    }

    /** Passes on the features that are neither missing nor 0. */
    public void copyTo(FeatureConsumer consumer) {
        if (hashed != null) {
            hashed.copyTo(consumer, row);
            return;
        }
        for (int column = 0; column < row.length; column++) {
            if (row[column] != 0 && !Float.isNaN(row[column])) {
                consumer.add(column, row[column]);
            }
        }
    }

    private void setFeature(FieldNode.Target target, int column, String path, double value) {
        double origin = target.field().origin();
        float feature = toFloat(path, value, origin);
        row[column] = feature;
        if (isRounded(value - origin, feature)) {
            listener.rounded(
                    hashed == null ? column : hashed.column(column),
                    target.column(),
                    path,
                    value - origin,
                    feature);
        }
    }

    private float toFloat(String path, double value, double origin) {
        float feature = (float) (value - origin);
        if (Float.isInfinite(feature)) {
            listener.invalid(
                    FeatureProblem.NON_FINITE_FEATURE,
                    path
                            + " is "
                            + value
                            + (Double.isInfinite(value) ? "" : ", too large for a float"));
        }
        return feature;
    }

    /** Returns whether a float differs from a number by 1 or more. */
    private static boolean isRounded(double value, float feature) {
        return Math.abs(value - feature) >= 1 && !Float.isInfinite(feature);
    }

    private void setBoolean(int column, String path, String text) {
        switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "t", "yes", "y", "1" -> row[column] = 1;
            case "false", "f", "no", "n", "0" -> row[column] = 0;
            default ->
                    listener.invalid(
                            FeatureProblem.WRONG_TYPE,
                            path + " is " + FieldText.quoted(text) + ", neither true nor false");
        }
    }

    /** Returns whether the category is among those that are listed, or all are accepted. */
    private boolean setCategory(FieldNode.Target target, String category) {
        if (hashed != null && target.field().isOpen()) {
            row[target.column()] = 0;
            if (target.field().kind() == FeatureKind.TEXT) {
                hashed.words(target.node(), category);
            } else {
                hashed.category(target.node(), category.strip());
            }
            return true;
        }
        Integer found = target.categories().get(category);
        if (found == null) {
            found = target.categories().get(category.strip());
        }
        if (found != null) {
            int first = target.column();
            Arrays.fill(row, first, first + target.categories().size(), 0);
            row[first + found] = 1;
        }
        return found != null;
    }

    private void setTime(int column, String path, @Nullable Long millis, String text) {
        if (millis == null) {
            listener.invalid(
                    FeatureProblem.INVALID_TIME,
                    path + " is " + FieldText.quoted(text) + ", not a time");
        } else {
            Times.writeColumns(millis, row, column);
        }
    }

    private void invalid(FeatureProblem problem, FieldNode field, String detail) {
        listener.invalid(problem, field.path() + " " + detail);
    }
}
