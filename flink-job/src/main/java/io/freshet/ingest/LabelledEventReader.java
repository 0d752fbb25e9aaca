package io.freshet.ingest;

import io.freshet.ingest.AvroCursor.InvalidEventException;
import io.freshet.model.example.Examples;
import io.freshet.model.example.FiniteCheck;
import io.freshet.schemas.LabelledEvent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.SchemaNormalization;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of labelled events that writes features and targets directly into the arrays of a block.
 *
 * <p>An event is read in two steps, since its model determines the block: {@link #readHeader} up to
 * the features, then {@link #readRest}. Bytes that violate the encoding cause an {@link
 * InvalidEventException} immediately. An event that is encoded correctly but that the job cannot
 * use is read to its end and has a {@link #violation()}, so that it is counted for its model.
 *
 * <p>Reads the layout of {@code LabelledEvent} version 1, which is identified by its fingerprint.
 * Not thread-safe.
 */
final class LabelledEventReader {
    private static final byte MARKER_0 = (byte) 0xC3;
    private static final byte MARKER_1 = 0x01;
    private static final long FINGERPRINT =
            SchemaNormalization.parsingFingerprint64(LabelledEvent.getClassSchema());

    // Branches of the unions, in the order of the schema.
    private static final int DENSE = 0;
    private static final int SPARSE = 1;
    private static final int FEATURE_BRANCHES = 3;
    private static final int NO_LABEL = 0;
    private static final int LABEL_INDEX = 1;
    private static final int LABEL_NAME = 2;
    private static final int LABEL_BRANCHES = 4;

    /**
     * Largest accepted deviation of a label's sum of probabilities from 1, which allows for their
     * rounding to floats.
     */
    private static final double SUM_TOLERANCE = 1e-3;

    private final AvroCursor cursor = new AvroCursor();
    private final List<String> classes;
    private final Map<String, Integer> classIndex = new HashMap<>();
    private final byte[][] className;
    private final int numFeatures;
    private final LabelType labelType;
    private final int numTargets;
    private final @Nullable Integer ignoreIndex;

    private String modelId = "";
    private byte[] modelIdBytes = new byte[0];
    private int idEnd;
    private int idLength;
    private long timestamp;
    private int label;
    private boolean hasIgnoreIndex;
    private final boolean acceptsMissing;
    private float weight;
    private @Nullable InvalidEventException violation;

    LabelledEventReader(IngestConfig config) {
        numFeatures = config.numFeatures();
        classes = config.classes();
        labelType = config.labelType();
        numTargets = config.numTargets();
        acceptsMissing = config.missing() != MissingValues.DEAD_LETTER;
        ignoreIndex = config.ignoreIndex();
        className = new byte[classes.size()][];
        for (int i = 0; i < className.length; i++) {
            className[i] = classes.get(i).getBytes(StandardCharsets.UTF_8);
            classIndex.put(classes.get(i), i);
        }
    }

    /** Reads the fields before the features, including the model id. */
    void readHeader(byte @Nullable [] value) throws InvalidEventException {
        violation = null;
        if (value == null) {
            throw new InvalidEventException(DeadLetterReason.NULL_VALUE, "the record has no value");
        }
        if (value.length == 0) {
            throw new InvalidEventException(DeadLetterReason.EMPTY_VALUE, "the value has no bytes");
        }
        cursor.open(value);
        byte marker0 = cursor.readByte();
        if (marker0 != MARKER_0 || (value.length > 1 && cursor.readByte() != MARKER_1)) {
            String guess = ForeignFormat.guess(value);
            throw new InvalidEventException(
                    DeadLetterReason.NOT_SINGLE_OBJECT,
                    "the value does not begin with C3 01, as single-object encoding does"
                            + (guess == null ? "" : "; " + guess));
        }
        long fingerprint = cursor.readFixedLong();
        if (fingerprint != FINGERPRINT) {
            throw new InvalidEventException(
                    DeadLetterReason.UNKNOWN_SCHEMA,
                    "no released LabelledEvent has the fingerprint "
                            + Long.toHexString(fingerprint));
        }
        idLength = cursor.skipText();
        idEnd = cursor.position();
        int modelLength = cursor.skipText();
        if (!cursor.matchesBefore(cursor.position(), modelLength, modelIdBytes)) {
            modelId = cursor.textBefore(cursor.position(), modelLength);
            modelIdBytes = modelId.getBytes(StandardCharsets.UTF_8);
        }
        timestamp = cursor.readLong();
    }

    /**
     * Reads the features and the fields after them.
     *
     * @param features receives {@code numFeatures} dense features, starting at index {@code from}.
     *     Modified.
     * @param from index of the first feature
     * @param targets receives {@code numTargets} values of the label, one per class, starting at
     *     index {@code targetsFrom}. Modified.
     * @param targetsFrom index of the first target
     */
    void readRest(float[] features, int from, float[] targets, int targetsFrom)
            throws InvalidEventException {
        readFeatures(features, from);
        readLabel(targets, targetsFrom);
        weight = cursor.readFloat();
        if (weight < 0) {
            recordViolation(DeadLetterReason.NEGATIVE_WEIGHT, "the weight is " + weight);
        } else if (!Float.isFinite(weight)) {
            recordViolation(DeadLetterReason.NON_FINITE_WEIGHT, "the weight is " + weight);
        }
        if (cursor.remaining() > 0) {
            throw new InvalidEventException(
                    DeadLetterReason.TRAILING_BYTES,
                    cursor.remaining() + " bytes follow the event, from byte " + cursor.position());
        }
    }

    private void readFeatures(float[] features, int from) throws InvalidEventException {
        int branch = cursor.readBranch(FEATURE_BRANCHES);
        if (branch == DENSE) {
            int count = cursor.readFloats(features, from, numFeatures);
            if (count != numFeatures) {
                recordViolation(
                        DeadLetterReason.WRONG_NUM_FEATURES,
                        count + " features instead of " + numFeatures + " (num-features)");
            } else if (!FiniteCheck.allFinite(features, from, count)) {
                int index =
                        acceptsMissing
                                ? FiniteCheck.firstInfinite(features, from, count)
                                : FiniteCheck.firstNonFinite(features, from, count);
                if (index < count) {
                    recordViolation(
                            DeadLetterReason.NON_FINITE_FEATURE,
                            "feature " + index + " is " + features[from + index]);
                }
            }
        } else if (branch == SPARSE) {
            cursor.skipInts();
            cursor.readFloats(features, from, 0);
            recordViolation(
                    DeadLetterReason.UNSUPPORTED_FEATURES, "sparse features are not supported yet");
        } else {
            cursor.skipFloatMap();
            cursor.skipTextMap();
            recordViolation(
                    DeadLetterReason.UNSUPPORTED_FEATURES, "named features are not supported yet");
        }
    }

    private void readLabel(float[] targets, int from) throws InvalidEventException {
        label = Examples.UNLABELLED;
        hasIgnoreIndex = false;
        int branch = cursor.readBranch(LABEL_BRANCHES);
        if (branch == LABEL_INDEX) {
            readClassIndex();
        } else if (branch == LABEL_NAME) {
            int length = cursor.skipText();
            label = classNamedBefore(cursor.position(), length);
            hasIgnoreIndex = label != Examples.UNLABELLED && isIgnoreIndex(label);
        } else if (branch != NO_LABEL) {
            readTargets(targets, from);
            return;
        }
        writeOneHot(label, targets, from, numTargets);
    }

    /** Writes 1 for the class and 0 for the others; 0 for all without a label. */
    private static void writeOneHot(int label, float[] targets, int from, int numTargets) {
        if (numTargets > 0) {
            Arrays.fill(targets, from, from + numTargets, 0);
            if (label != Examples.UNLABELLED) {
                targets[from + label] = 1;
            }
        }
    }

    private void readClassIndex() throws InvalidEventException {
        int index = cursor.readInt();
        if (isIgnoreIndex(index)) {
            hasIgnoreIndex = true;
        } else if (index < 0 || index >= classes.size()) {
            recordViolation(
                    DeadLetterReason.LABEL_OUT_OF_RANGE,
                    "class index " + index + " is out of range for " + classes.size() + " classes");
        } else {
            label = index;
        }
    }

    private boolean isIgnoreIndex(int index) {
        return ignoreIndex != null && ignoreIndex == index;
    }

    private void readTargets(float[] targets, int from) throws InvalidEventException {
        int count = cursor.readFloats(targets, from, numTargets);
        if (labelType == LabelType.CLASS) {
            recordViolation(
                    DeadLetterReason.UNSUPPORTED_LABEL,
                    "a label of one value per class, but label.type is class");
        } else if (count != numTargets) {
            recordViolation(
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
                recordViolation(
                        DeadLetterReason.TARGET_OUT_OF_RANGE,
                        "the label's value for class \"" + classes.get(k) + "\" is " + target);
                return largest;
            }
            if (target > targets[from + largest]) {
                largest = k;
            }
            sum += target;
        }
        if (labelType == LabelType.PROBABILITIES && Math.abs(sum - 1) > SUM_TOLERANCE) {
            recordViolation(
                    DeadLetterReason.TARGETS_DO_NOT_SUM_TO_ONE,
                    "the label's probabilities sum to " + (float) sum);
        }
        return largest;
    }

    /** Returns the class whose name was just skipped; compares bytes to avoid decoding. */
    private int classNamedBefore(int end, int length) throws InvalidEventException {
        for (int i = 0; i < Math.min(className.length, 16); i++) {
            if (cursor.matchesBefore(end, length, className[i])) {
                return i;
            }
        }
        String name = cursor.textBefore(end, length);
        Integer index = classIndex.get(name);
        if (index == null) {
            recordViolation(
                    DeadLetterReason.UNKNOWN_CLASS,
                    "the label \"" + name + "\" is not among classes");
            return Examples.UNLABELLED;
        }
        return index;
    }

    /** Records a violation unless the event already has one. */
    private void recordViolation(DeadLetterReason reason, String detail) {
        if (violation == null) {
            violation = new InvalidEventException(reason, detail);
        }
    }

    /** Returns why the job cannot use the event; null if it can. */
    @Nullable InvalidEventException violation() {
        return violation;
    }

    String modelId() {
        return modelId;
    }

    /** Returns the event time, milliseconds since 1970-01-01T00:00Z. */
    long timestamp() {
        return timestamp;
    }

    /** Returns whether the class index is {@code label.ignore-index}. */
    boolean hasIgnoreIndex() {
        return hasIgnoreIndex;
    }

    /** Returns the class index, or {@link Examples#UNLABELLED}. */
    int label() {
        return label;
    }

    float weight() {
        return weight;
    }

    /** Decodes and returns the event's id. */
    String id() throws InvalidEventException {
        return cursor.textBefore(idEnd, idLength);
    }
}
