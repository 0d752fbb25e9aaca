package io.freshet.ingest;

import io.freshet.model.example.Examples;
import io.freshet.schemas.LabelledEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.avro.SchemaNormalization;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of labelled events in Freshet's own schema that writes features and targets directly into
 * the arrays of a block.
 *
 * <p>Reads the layout of {@code LabelledEvent} version 1, which is identified by its fingerprint.
 * Not thread-safe.
 */
final class LabelledEventReader implements EventDecoder {
    private static final byte MARKER_0 = (byte) 0xC3;
    private static final byte MARKER_1 = 0x01;
    private static final long FINGERPRINT =
            SchemaNormalization.parsingFingerprint64(LabelledEvent.getClassSchema());

    // Branches of the label's union, in the order of the schema.
    private static final int NO_LABEL = 0;
    private static final int LABEL_INDEX = 1;
    private static final int LABEL_NAME = 2;
    private static final int LABEL_BRANCHES = 4;

    /** Number of class names that a label is compared with before it is decoded. */
    private static final int MAX_COMPARED_NAMES = 16;

    private final AvroCursor cursor = new AvroCursor();
    private final LabelResolver labels;
    private final byte[][] className;
    private final FeaturesReader features;
    private final int numTargets;

    private String modelId = "";
    private byte[] modelIdBytes = new byte[0];
    private int idEnd;
    private int idLength;
    private long timestamp;
    private float weight;
    private @Nullable InvalidEventException violation;

    LabelledEventReader(IngestConfig config) {
        features = new FeaturesReader(cursor, config);
        numTargets = config.numTargets();
        labels = new LabelResolver(config);
        List<String> classes = config.classes();
        className = new byte[classes.size()][];
        for (int i = 0; i < className.length; i++) {
            className[i] = classes.get(i).getBytes(StandardCharsets.UTF_8);
        }
    }

    /** Reads the fields before the features, including the model id. */
    @Override
    public void readHeader(RawMessage message) throws InvalidEventException {
        violation = null;
        byte[] value = message.requireValue();
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

    @Override
    public void readRest(Examples examples) throws InvalidEventException {
        recordViolation(features.read(examples));
        readLabel(examples.targets(), examples.size() * numTargets);
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

    private void readLabel(float[] targets, int from) throws InvalidEventException {
        labels.clear();
        int branch = cursor.readBranch(LABEL_BRANCHES);
        if (branch == LABEL_INDEX) {
            labels.resolveIndex(cursor.readInt());
        } else if (branch == LABEL_NAME) {
            int length = cursor.skipText();
            resolveNameBefore(cursor.position(), length);
        } else if (branch != NO_LABEL) {
            int count = cursor.readFloats(targets, from, numTargets);
            labels.resolveTargets(targets, from, count);
            recordViolation(labels.violation());
            return;
        }
        recordViolation(labels.violation());
        labels.writeOneHot(targets, from);
    }

    /** Resolves the class name that was just skipped; compares bytes to avoid decoding. */
    private void resolveNameBefore(int end, int length) throws InvalidEventException {
        for (int i = 0; i < Math.min(className.length, MAX_COMPARED_NAMES); i++) {
            if (cursor.matchesBefore(end, length, className[i])) {
                labels.resolveClass(i);
                return;
            }
        }
        labels.resolveName(cursor.textBefore(end, length));
    }

    /** Records a violation unless the event already has one. */
    private void recordViolation(@Nullable InvalidEventException found) {
        if (violation == null) {
            violation = found;
        }
    }

    /** Records a violation unless the event already has one. */
    private void recordViolation(DeadLetterReason reason, String detail) {
        if (violation == null) {
            violation = new InvalidEventException(reason, detail);
        }
    }

    @Override
    public @Nullable InvalidEventException violation() {
        return violation;
    }

    @Override
    public void countRounded(RoundedValues counts) {
        // none: features are sent as floats
    }

    @Override
    public String modelId() {
        return modelId;
    }

    @Override
    public long timestamp() {
        return timestamp;
    }

    @Override
    public boolean hasIgnoreIndex() {
        return labels.hasIgnoreIndex();
    }

    @Override
    public int label() {
        return labels.label();
    }

    @Override
    public @Nullable String className() {
        return labels.className();
    }

    @Override
    public float weight() {
        return weight;
    }

    /** Decodes and returns the event's id. */
    @Override
    public String id() throws InvalidEventException {
        return cursor.textBefore(idEnd, idLength);
    }
}
