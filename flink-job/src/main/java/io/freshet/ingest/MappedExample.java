package io.freshet.ingest;

import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureListener;
import io.freshet.features.FeatureProblem;
import io.freshet.features.FeatureRow;
import io.freshet.features.FieldNode;
import io.freshet.features.FieldText;
import io.freshet.features.Numbers;
import io.freshet.features.Times;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Example that is put together from the mapped fields of one message after another: a decoder of a
 * format reports each field's value, which becomes a part of the example, and features as {@link
 * FeatureRow} says. The first value that cannot be used is the event's violation. Not thread-safe.
 */
final class MappedExample {
    private static final Logger LOG = LoggerFactory.getLogger(MappedExample.class);

    /** Model of events without a mapped model id. */
    static final String DEFAULT_MODEL = "default";

    /** Number of messages after which mapped fields that none of them had are reported. */
    private static final int CHECKED_MESSAGES = 1000;

    private final FieldMapping mapping;
    private final FeatureRow features;
    private final LabelResolver labels;
    private final float[] targets;
    private int numTargets;

    /** Values of the message that a float does not hold. */
    private final RoundedValues rounded = new RoundedValues();

    /**
     * Whether the log says that a float does not hold the values of a field, by its first column;
     * the last is for fields that are not mapped.
     */
    private final boolean[] reportedRounded;

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
        features = new FeatureRow(config.featureColumns(), new Listener());
        labels = new LabelResolver(config);
        targets = new float[config.numTargets()];
        reportedRounded = new boolean[features.dense().length + 1];
    }

    /** Returns the root of the tree of mapped fields. */
    FieldNode root() {
        return features.root();
    }

    /** Begins the example of a message. */
    void begin(RawMessage next) throws InvalidEventException {
        message = next;
        if (++messages == CHECKED_MESSAGES) {
            reportUnseenFields();
        }
        features.begin();
        labels.clear();
        numTargets = -1;
        rounded.clear();
        modelId = DEFAULT_MODEL;
        hasModelId = false;
        id = null;
        timestamp = next.timestamp();
        weight = 1;
        violation = null;
        for (Map.Entry<ExamplePart, FieldSource> source : mapping.sources().entrySet()) {
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
        features.see(field);
    }

    /**
     * Reports a field's value: a number.
     *
     * @param text the number as it was written; needed only if {@link FieldNode#needsText()}
     */
    void number(FieldNode field, double value, String text) {
        features.number(field, value, text);
        for (int i = 0; i < field.numParts(); i++) {
            setNumber(field.part(i), field.path(), value, text);
        }
    }

    /** Reports a member of a list of values. */
    void listNumber(FieldNode field, int index, double value) {
        features.listNumber(field, index, value);
        if (field.isLabel()) {
            numTargets = index + 1;
            if (index < targets.length) {
                targets[index] = (float) value;
            }
        }
    }

    /** Reports a member of a list of values that is text. */
    void listText(FieldNode field, int index, String text) {
        Double number = features.memberNumber(field, index, text);
        if (number != null) {
            listNumber(field, index, number);
        }
    }

    /** Reports the end of a list of values. */
    void listEnd(FieldNode field, int length) {
        features.listEnd(field, length);
        if (field.isLabel()) {
            numTargets = length;
        }
    }

    /** Reports a field's value: text. */
    void text(FieldNode field, String text) {
        features.text(field, text);
        for (int i = 0; i < field.numParts(); i++) {
            setPart(field.part(i), field.path(), text);
        }
    }

    /** Reports a field's value: true or false. */
    void bool(FieldNode field, boolean value) {
        features.bool(field, value);
        for (int i = 0; i < field.numParts(); i++) {
            setPart(field.part(i), field.path(), Boolean.toString(value));
        }
    }

    /**
     * Reports a field's value: a time, by its type.
     *
     * @param millis milliseconds since 1970-01-01T00:00Z
     * @param written number that the message has, in the unit of the type
     */
    void time(FieldNode field, long millis, long written) {
        features.time(field, millis, written);
        for (int i = 0; i < field.numParts(); i++) {
            ExamplePart part = field.part(i);
            if (part == ExamplePart.TIMESTAMP) {
                timestamp = millis;
            } else {
                setNumber(part, field.path(), (double) written, Long.toString(written));
            }
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
        features.wrongShape(field, found);
    }

    /** Reports a member of a list of values that is an object or a list. */
    void wrongElement(FieldNode list, int index, String found) {
        features.wrongElement(list, index, found);
    }

    /** Ends the example: from now on its parts can be read. */
    void end() {
        if (numTargets >= 0) {
            labels.resolveTargets(targets, 0, numTargets);
        } else {
            labels.writeOneHot(targets, 0);
        }
        if (violation == null) {
            violation = labels.violation();
        }
        features.end();
    }

    private void reportUnseenFields() {
        List<String> unseen = new ArrayList<>();
        root().addUnseen(unseen);
        if (!unseen.isEmpty()) {
            LOG.warn(
                    "None of the first {} messages has the mapped field {}",
                    CHECKED_MESSAGES,
                    String.join(", ", unseen));
        }
    }

    private void setNumber(ExamplePart part, String path, double value, String text) {
        switch (part) {
            case WEIGHT -> setWeight(path, value);
            case LABEL -> {
                if (labels.hasClass(text)) {
                    labels.resolveName(text);
                } else if (value == Math.rint(value) && Math.abs(value) < FieldText.MAX_WHOLE) {
                    labels.resolveNumber((long) value);
                } else {
                    labels.resolveText(text);
                }
            }
            case ID, MODEL, TIMESTAMP -> setPart(part, path, text);
        }
    }

    private void setPart(ExamplePart part, String path, String text) {
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
                } else if (!FieldText.isMissing(text)) {
                    violate(
                            DeadLetterReason.INVALID_TIME,
                            path + " is " + FieldText.quoted(text) + ", not a time");
                }
            }
            case WEIGHT -> {
                Double number = Numbers.parse(text.strip());
                if (number != null) {
                    setWeight(path, number);
                } else if (!FieldText.isMissing(text)) {
                    violate(
                            DeadLetterReason.WRONG_TYPE,
                            path + " is " + FieldText.quoted(text) + ", not a number");
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

    private static void reportRounded(String path, double difference, float feature) {
        LOG.warn(
                "One float cannot hold the feature {}: {} became {}. The kind numeric(origin={})"
                        + " keeps the differences between large numbers; the kind time suits times."
                        + " The metrics count such values",
                path,
                FieldText.of(difference),
                FieldText.of(feature),
                FieldText.of(Math.rint(difference)));
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
            float[] row = features.dense();
            System.arraycopy(row, 0, examples.features(), size * row.length, row.length);
        } else {
            features.copyTo(sparse::add);
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

    private static DeadLetterReason reason(FeatureProblem problem) {
        return switch (problem) {
            case WRONG_TYPE -> DeadLetterReason.WRONG_TYPE;
            case DUPLICATE_FIELD -> DeadLetterReason.DUPLICATE_FIELD;
            case INVALID_TIME -> DeadLetterReason.INVALID_TIME;
            case NON_FINITE_FEATURE -> DeadLetterReason.NON_FINITE_FEATURE;
            case MISSING_FEATURE -> DeadLetterReason.MISSING_FEATURE;
            case WRONG_NUM_FEATURES -> DeadLetterReason.WRONG_NUM_FEATURES;
            case TEXT_TOO_LONG -> DeadLetterReason.TEXT_TOO_LONG;
            case TOO_MANY_FEATURES -> DeadLetterReason.TOO_MANY_FEATURES;
        };
    }

    /** Makes the first invalid value the violation, and counts rounded ones. */
    private final class Listener implements FeatureListener {
        @Override
        public void invalid(FeatureProblem problem, String detail) {
            violate(reason(problem), detail);
        }

        @Override
        public void rounded(int column, int field, String path, double value, float feature) {
            rounded.add(column, 1);
            int report = field < 0 ? reportedRounded.length - 1 : field;
            if (!reportedRounded[report]) {
                reportedRounded[report] = true;
                reportRounded(path, value, feature);
            }
        }
    }
}
