package io.freshet.ingest;

import io.freshet.ingest.mapping.FeatureField;
import io.freshet.ingest.mapping.FeatureHasher;
import io.freshet.ingest.mapping.FeatureKind;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.ingest.mapping.FieldMapping.Part;
import io.freshet.ingest.mapping.FieldNode;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.ingest.mapping.Numbers;
import io.freshet.ingest.mapping.Times;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Example that is put together from the mapped fields of one message after another: a decoder of a
 * format reports each field's value, and the kind of the field says which columns it becomes.
 *
 * <p>A field that a message does not have, null, an empty text, NaN and a category that is not
 * listed are missing values: their columns are NaN, and sparse examples do not have them. The first
 * value that cannot be used is the event's violation. Not thread-safe.
 */
final class MappedExample {
    private static final Logger LOG = LoggerFactory.getLogger(MappedExample.class);

    /** Model of events without a mapped model id. */
    static final String DEFAULT_MODEL = "default";

    /** Number of messages after which mapped fields that none of them had are reported. */
    private static final int CHECKED_MESSAGES = 1000;

    /** Largest size of the whole numbers that are all represented by a double. */
    private static final double MAX_WHOLE = 1L << 53;

    private static final int MAX_QUOTED = 60;

    private final FieldMapping mapping;
    private final FieldNode root;
    private final LabelResolver labels;
    private final boolean missingIsInvalid;

    /** Values of the columns of the listed features; 0 for one with a value that is hashed. */
    private final float[] row;

    private final @Nullable HashedFeatures hashed;
    private final List<String> columnNames;

    /** Columns whose values each indicator behind them is about; empty without indicators. */
    private final int[] indicated;

    private final float[] targets;
    private int numTargets;

    /** Values of the message that a float does not hold. */
    private final RoundedValues rounded = new RoundedValues();

    /** Whether the log says that a float does not hold the values of a column's field. */
    private final boolean[] reportedRounded;

    /** The same of the fields that are not mapped. */
    private boolean reportedOther;

    private long messages;
    private @Nullable RawMessage message;
    private String modelId = DEFAULT_MODEL;
    private boolean hasModelId;
    private @Nullable String id;
    private long timestamp;
    private float weight;
    private @Nullable InvalidEventException violation;

    MappedExample(IngestConfig config) {
        mapping = config.source().mapping();
        root = FieldNode.of(mapping);
        labels = new LabelResolver(config);
        missingIsInvalid = config.missing() == MissingValues.DEAD_LETTER;
        indicated =
                config.missingIndicator()
                        ? mapping.features().indicators().values().stream()
                                .mapToInt(Integer::intValue)
                                .toArray()
                        : new int[0];
        row = new float[mapping.features().numColumns() + indicated.length];
        columnNames = mapping.features().columnNames();
        hashed =
                config.encoding() == FeatureEncoding.HASHED
                        ? new HashedFeatures(config.numFeatures(), columnNames)
                        : null;
        targets = new float[config.numTargets()];
        reportedRounded = new boolean[row.length];
    }

    /** Returns the root of the tree of mapped fields. */
    FieldNode root() {
        return root;
    }

    /** Begins the example of a message. */
    void begin(RawMessage next) throws InvalidEventException {
        message = next;
        if (++messages == CHECKED_MESSAGES) {
            reportUnseenFields();
        }
        root.beginMessage();
        if (hashed != null) {
            hashed.begin();
        }
        Arrays.fill(row, Float.NaN);
        labels.clear();
        numTargets = -1;
        rounded.clear();
        modelId = DEFAULT_MODEL;
        hasModelId = false;
        id = null;
        timestamp = next.timestamp();
        weight = 1;
        violation = null;
        for (Map.Entry<Part, FieldSource> source : mapping.sources().entrySet()) {
            FieldSource at = source.getValue();
            if (at.path() == null) {
                byte[] bytes = at.header() == null ? next.key() : next.header(at.header());
                if (bytes != null) {
                    setPart(source.getKey(), at.toString(), decode(at, bytes));
                }
            }
        }
    }

    private static String decode(FieldSource at, byte[] bytes) throws InvalidEventException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InvalidEventException(DeadLetterReason.MALFORMED, at + " is not UTF-8");
        }
    }

    /** Reports that the message has a field; a second time is a violation. */
    void see(FieldNode field) {
        if (!field.see(messages)) {
            violate(DeadLetterReason.DUPLICATE_FIELD, field, "is there twice");
        }
    }

    /**
     * Reports a field's value: a number.
     *
     * @param text the number as it was written; needed only if {@link FieldNode#needsText()}
     */
    void number(FieldNode field, double value, String text) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            setNumber(target, target.column(), field.path(), value, text);
        }
        for (int i = 0; i < field.numParts(); i++) {
            setNumber(field.part(i), field.path(), value, text);
        }
        if (hashed != null && field.isOther() && !Double.isNaN(value)) {
            float feature = toFloat(field.path(), value, 0);
            hashed.number(field, feature);
            if (isRounded(value, feature)) {
                rounded.add(hashed.column(field), 1);
                reportRounded(field.path(), value, feature, !reportedOther);
                reportedOther = true;
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
            case BOOLEAN -> setBoolean(column, path, text(value));
            case CATEGORICAL, TEXT -> {
                if (target.field().isOpen()) {
                    setCategory(target, ClassNames.isWholeNumber(text) ? text : text(value));
                } else if (!setCategory(target, text)) {
                    setCategory(target, text(value));
                }
            }
            case TIME -> setTime(column, path, Times.ofNumber(value), text(value));
        }
    }

    /** Reports a member of a list of values. */
    void listNumber(FieldNode field, int index, double value) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            FeatureField feature = target.field();
            if (feature.isList() && index >= feature.from() && index < feature.to()) {
                int column = target.column() + index - feature.from();
                setNumber(target, column, columnNames.get(column), value, "");
            }
        }
        if (field.isLabel()) {
            numTargets = index + 1;
            if (index < targets.length) {
                targets[index] = (float) value;
            }
        }
    }

    /** Reports a member of a list of values that is text. */
    void listText(FieldNode field, int index, String text) {
        Double number = isMissing(text) ? Double.valueOf(Double.NaN) : Numbers.parse(text.strip());
        if (number == null) {
            violate(
                    DeadLetterReason.WRONG_TYPE,
                    field,
                    "has the member " + index + ", " + quoted(text) + ", which is not a number");
        } else {
            listNumber(field, index, number);
        }
    }

    /** Reports the end of a list of values. */
    void listEnd(FieldNode field, int length) {
        for (int i = 0; i < field.numTargets(); i++) {
            FeatureField feature = field.target(i).field();
            if (feature.isList() && length < feature.to()) {
                violate(
                        DeadLetterReason.WRONG_NUM_FEATURES,
                        field,
                        "has " + length + " values instead of " + feature.to());
            }
        }
        if (field.isLabel()) {
            numTargets = length;
        }
    }

    /** Reports a field's value: text. */
    void text(FieldNode field, String text) {
        for (int i = 0; i < field.numTargets(); i++) {
            setText(field.target(i), field.path(), text);
        }
        for (int i = 0; i < field.numParts(); i++) {
            setPart(field.part(i), field.path(), text);
        }
        if (hashed != null && field.isOther() && !isMissing(text)) {
            hashed.category(field, text.strip());
        }
    }

    private void setText(FieldNode.Target target, String path, String text) {
        if (isMissing(text)) {
            return;
        }
        int column = target.column();
        switch (target.field().kind()) {
            case NUMERIC -> {
                Double number = Numbers.parse(text.strip());
                if (number == null) {
                    violate(
                            DeadLetterReason.WRONG_TYPE,
                            path + " is " + quoted(text) + ", not a number");
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
    void bool(FieldNode field, boolean value) {
        for (int i = 0; i < field.numTargets(); i++) {
            FieldNode.Target target = field.target(i);
            switch (target.field().kind()) {
                case NUMERIC, TIME -> {
                    if (target.field().isList()) {
                        row[target.column()] = value ? 1 : 0;
                    } else {
                        violate(
                                DeadLetterReason.WRONG_TYPE,
                                field,
                                "is " + value + ", not a number");
                    }
                }
                case BOOLEAN -> row[target.column()] = value ? 1 : 0;
                case CATEGORICAL, TEXT -> setCategory(target, Boolean.toString(value));
            }
        }
        for (int i = 0; i < field.numParts(); i++) {
            setPart(field.part(i), field.path(), Boolean.toString(value));
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
    void time(FieldNode field, long millis, long written) {
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
        for (int i = 0; i < field.numParts(); i++) {
            Part part = field.part(i);
            if (part == Part.TIMESTAMP) {
                timestamp = millis;
            } else {
                setNumber(part, field.path(), (double) written, Long.toString(written));
            }
        }
        if (hashed != null && field.isOther()) {
            hashed.time(field, millis);
        }
    }

    /** Reports text that is not UTF-8. */
    void invalidText(FieldNode field) {
        violate(DeadLetterReason.MALFORMED, field, "is not UTF-8");
    }

    /** Reports a member of a list of values that is text, but not UTF-8. */
    void invalidListText(FieldNode list, int index) {
        violate(
                DeadLetterReason.MALFORMED,
                list,
                "has the member " + index + ", which is not UTF-8");
    }

    /** Reports a value of another shape than the mapping says. */
    void wrongShape(FieldNode field, String found) {
        String expected = "a list";
        if (field.isValue()) {
            expected = "a single value";
        } else if (field.acceptsObject()) {
            expected = "an object";
        }
        violate(DeadLetterReason.WRONG_TYPE, field, "is " + found + ", not " + expected);
    }

    /** Reports a member of a list of values that is an object or a list. */
    void wrongElement(FieldNode list, int index, String found) {
        violate(
                DeadLetterReason.WRONG_TYPE,
                list,
                "has the member " + index + ", which is " + found + ", not a number");
    }

    /** Ends the example: from now on its parts can be read. */
    void end() {
        int firstIndicator = row.length - indicated.length;
        for (int i = 0; i < indicated.length; i++) {
            row[firstIndicator + i] = Float.isNaN(row[indicated[i]]) ? 1 : 0;
        }
        if (numTargets >= 0) {
            labels.resolveTargets(targets, 0, numTargets);
        } else {
            labels.writeOneHot(targets, 0);
        }
        InvalidEventException invalidLabel = labels.violation();
        if (violation == null) {
            violation = invalidLabel;
        }
        if (violation == null && hashed != null) {
            violation = hashed.violation();
        }
        if (root.hasTooManyOthers()) {
            violate(
                    DeadLetterReason.TOO_MANY_FEATURES,
                    "the event has more than " + FeatureHasher.MAX_FEATURES + " new fields");
        }
        if (missingIsInvalid && violation == null) {
            for (int column = 0; column < row.length; column++) {
                if (Float.isNaN(row[column])) {
                    violate(
                            DeadLetterReason.MISSING_FEATURE,
                            columnNames.get(column)
                                    + " is missing, and features.missing is dead-letter");
                    return;
                }
            }
        }
    }

    private void reportUnseenFields() {
        List<String> unseen = new ArrayList<>();
        root.addUnseen(unseen);
        if (!unseen.isEmpty()) {
            LOG.warn(
                    "None of the first {} messages has the mapped field {}",
                    CHECKED_MESSAGES,
                    String.join(", ", unseen));
        }
    }

    private void setNumber(Part part, String path, double value, String text) {
        switch (part) {
            case WEIGHT -> setWeight(path, value);
            case LABEL -> {
                if (labels.hasClass(text)) {
                    labels.resolveName(text);
                } else if (value == Math.rint(value) && Math.abs(value) < MAX_WHOLE) {
                    labels.resolveNumber((long) value);
                } else {
                    labels.resolveText(text);
                }
            }
            case ID, MODEL, TIMESTAMP -> setPart(part, path, text);
        }
    }

    private void setPart(Part part, String path, String text) {
        switch (part) {
            case LABEL -> labels.resolveText(text);
            case ID -> id = text;
            case MODEL -> {
                modelId = text;
                hasModelId = true;
            }
            case TIMESTAMP -> {
                Long millis = Times.parse(text.strip());
                if (millis != null) {
                    timestamp = millis;
                } else if (!isMissing(text)) {
                    violate(
                            DeadLetterReason.INVALID_TIME,
                            path + " is " + quoted(text) + ", not a time");
                }
            }
            case WEIGHT -> {
                Double number = Numbers.parse(text.strip());
                if (number != null) {
                    setWeight(path, number);
                } else if (!isMissing(text)) {
                    violate(
                            DeadLetterReason.WRONG_TYPE,
                            path + " is " + quoted(text) + ", not a number");
                }
            }
        }
    }

    private void setWeight(String path, double value) {
        weight = (float) value;
        if (!Float.isFinite(weight)) {
            violate(DeadLetterReason.NON_FINITE_WEIGHT, path + " is " + value);
        } else if (weight < 0) {
            violate(DeadLetterReason.NEGATIVE_WEIGHT, path + " is " + value);
        }
    }

    private void setFeature(FieldNode.Target target, int column, String path, double value) {
        double origin = target.field().origin();
        float feature = toFloat(path, value, origin);
        row[column] = feature;
        if (isRounded(value - origin, feature)) {
            rounded.add(hashed == null ? column : hashed.column(column), 1);
            reportRounded(path, value - origin, feature, !reportedRounded[target.column()]);
            reportedRounded[target.column()] = true;
        }
    }

    private float toFloat(String path, double value, double origin) {
        float feature = (float) (value - origin);
        if (Float.isInfinite(feature)) {
            violate(
                    DeadLetterReason.NON_FINITE_FEATURE,
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

    private static void reportRounded(
            String path, double difference, float feature, boolean first) {
        if (first) {
            LOG.warn(
                    "One float cannot hold the feature {}: {} became {}. The kind"
                            + " numeric(origin={}) keeps the differences between large numbers; the"
                            + " kind time suits times. The metrics count such values",
                    path,
                    text(difference),
                    text(feature),
                    text(Math.rint(difference)));
        }
    }

    private void setBoolean(int column, String path, String text) {
        switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "t", "yes", "y", "1" -> row[column] = 1;
            case "false", "f", "no", "n", "0" -> row[column] = 0;
            default ->
                    violate(
                            DeadLetterReason.WRONG_TYPE,
                            path + " is " + quoted(text) + ", neither true nor false");
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
            violate(DeadLetterReason.INVALID_TIME, path + " is " + quoted(text) + ", not a time");
        } else {
            Times.writeColumns(millis, row, column);
        }
    }

    /** Returns whether text stands for a missing value. */
    private static boolean isMissing(String text) {
        return text.isBlank() || text.strip().equalsIgnoreCase("nan");
    }

    /** Returns a number as text: a whole number without a fraction. */
    private static String text(double value) {
        return value == Math.rint(value) && Math.abs(value) <= MAX_WHOLE
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static String quoted(String text) {
        return text.length() <= MAX_QUOTED
                ? "\"" + text + "\""
                : "\"" + text.substring(0, MAX_QUOTED) + "…\"";
    }

    private void violate(DeadLetterReason reason, FieldNode field, String problem) {
        violate(reason, field.path() + " " + problem);
    }

    private void violate(DeadLetterReason reason, String detail) {
        if (violation == null) {
            violation = new InvalidEventException(reason, detail);
        }
    }

    /** Copies features and targets behind the last row of examples, which is reserved. */
    void copyTo(Examples examples) {
        int size = examples.size();
        SparseRows sparse = examples.sparse();
        if (sparse == null) {
            System.arraycopy(row, 0, examples.features(), size * row.length, row.length);
        } else if (hashed != null) {
            hashed.copyTo(sparse, row);
        } else {
            for (int column = 0; column < row.length; column++) {
                if (row[column] != 0 && !Float.isNaN(row[column])) {
                    sparse.add(column, row[column]);
                }
            }
        }
        System.arraycopy(targets, 0, examples.targets(), size * targets.length, targets.length);
    }

    /** Adds the values of the message that a float does not hold. */
    void countRounded(RoundedValues counts) {
        counts.addAll(rounded);
    }

    @Nullable InvalidEventException violation() {
        return violation;
    }

    String modelId() {
        return modelId;
    }

    /** Returns whether the message has the id of a model. */
    boolean hasModelId() {
        return hasModelId;
    }

    long timestamp() {
        return timestamp;
    }

    LabelResolver label() {
        return labels;
    }

    float weight() {
        return weight;
    }

    /** Returns the id, or one that is made of the message's place in Kafka. */
    String id() {
        if (id == null && message != null) {
            id = message.topic() + "-" + message.partition() + "-" + message.offset();
        }
        return String.valueOf(id);
    }
}
