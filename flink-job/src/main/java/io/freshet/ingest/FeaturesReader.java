package io.freshet.ingest;

import io.freshet.features.FeatureHasher;
import io.freshet.model.example.Examples;
import io.freshet.model.example.FiniteCheck;
import io.freshet.model.example.SparseRows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reader of the features of events in Freshet's own schema: dense, sparse or named. Not
 * thread-safe.
 *
 * <p>Where features are hashed, the name of one that has only an index is the decimal number of the
 * index.
 */
final class FeaturesReader {
    // Branches of the union, in the order of the schema.
    private static final int DENSE = 0;
    private static final int SPARSE = 1;
    private static final int BRANCHES = 3;

    private static final int MIN_NAMED_NUMBER_BYTES = 5;
    private static final int MIN_NAMED_TEXT_BYTES = 2;
    private static final int FIRST_CAPACITY = 64;
    private static final int MAX_FEATURES = FeatureHasher.MAX_FEATURES;

    private final AvroCursor cursor;
    private final FeatureEncoding encoding;

    /** Number of features of a row: those that are sent, and the indicators of missing ones. */
    private final int numFeatures;

    private final int numSent;
    private final boolean acceptsMissing;
    private final @Nullable FeatureHasher hasher;

    private int[] indices = new int[FIRST_CAPACITY];
    private int[] nameEnds = new int[FIRST_CAPACITY];
    private int[] nameLengths = new int[FIRST_CAPACITY];
    private long[] nameHashes = new long[FIRST_CAPACITY];
    private long[] sortedHashes = new long[FIRST_CAPACITY];
    private int numNames;
    private @Nullable InvalidEventException violation;

    /**
     * @param cursor stands at the features when they are read
     */
    FeaturesReader(AvroCursor cursor, IngestConfig config) {
        this.cursor = cursor;
        encoding = config.encoding();
        numFeatures = config.numFeatures();
        numSent = config.numSentFeatures();
        acceptsMissing = config.missing() != MissingValues.DEAD_LETTER;
        hasher =
                encoding == FeatureEncoding.HASHED ? new FeatureHasher(config.numFeatures()) : null;
    }

    /**
     * Reads the features of an event.
     *
     * @param examples receives the features behind its last row, which is reserved
     * @return why the job cannot use them; null if it can
     */
    @Nullable InvalidEventException read(Examples examples) throws InvalidEventException {
        violation = null;
        int branch = cursor.readBranch(BRANCHES);
        if (branch == DENSE) {
            if (examples.sparse() == null) {
                int from = examples.size() * numFeatures;
                readDense(examples.features(), from);
                writeIndicators(examples.features(), from);
            } else {
                readDense(examples.requireSparse());
            }
        } else if (branch == SPARSE) {
            readSparse(examples);
            if (examples.sparse() == null) {
                writeIndicators(examples.features(), examples.size() * numFeatures);
            }
        } else if (hasher != null) {
            readNumbers(examples.requireSparse(), hasher);
            readCategories(examples.requireSparse(), hasher);
        } else {
            cursor.skipFloatMap();
            cursor.skipTextMap();
            violate(
                    DeadLetterReason.UNSUPPORTED_FEATURES,
                    "the features have names: set features.encoding = hashed");
        }
        return violation;
    }

    private void writeIndicators(float[] features, int from) {
        for (int i = 0; i < numFeatures - numSent; i++) {
            features[from + numSent + i] = Float.isNaN(features[from + i]) ? 1 : 0;
        }
    }

    private void readDense(float[] features, int from) throws InvalidEventException {
        int count = cursor.readFloats(features, from, numSent);
        if (count != numSent) {
            violateCount(count);
        } else if (!FiniteCheck.allFinite(features, from, count)) {
            int index =
                    acceptsMissing
                            ? FiniteCheck.firstInfinite(features, from, count)
                            : FiniteCheck.firstNonFinite(features, from, count);
            if (index < count) {
                violateValue(index, features[from + index]);
            }
        }
    }

    private void readDense(SparseRows row) throws InvalidEventException {
        int index = 0;
        for (int count = cursor.readBlockCount(Float.BYTES);
                count != 0;
                count = cursor.readBlockCount(Float.BYTES)) {
            for (int i = 0; i < count; i++) {
                float value = cursor.readFloat();
                if (hasher != null || index < numFeatures) {
                    addIndexed(row, index, value);
                }
                index++;
            }
        }
        if (hasher == null && index != numFeatures) {
            violateCount(index);
        }
    }

    private void readSparse(Examples examples) throws InvalidEventException {
        int numIndices = readIndices();
        SparseRows row = examples.sparse();
        int from = examples.size() * numFeatures;
        if (row == null) {
            Arrays.fill(examples.features(), from, from + numFeatures, 0);
        }
        int numValues = 0;
        for (int count = cursor.readBlockCount(Float.BYTES);
                count != 0;
                count = cursor.readBlockCount(Float.BYTES)) {
            for (int i = 0; i < count; i++) {
                float value = cursor.readFloat();
                if (violation == null && numValues < numIndices) {
                    int index = indices[numValues];
                    if (row != null) {
                        addIndexed(row, index, value);
                    } else if (isAccepted(value)) {
                        examples.features()[from + index] = value;
                    } else {
                        violateValue(index, value);
                    }
                }
                numValues++;
            }
        }
        if (numIndices != numValues) {
            violate(
                    DeadLetterReason.UNEQUAL_INDICES_AND_VALUES,
                    numIndices + " indices, but " + numValues + " values");
        }
    }

    /** Reads and checks the indices; returns their number. */
    private int readIndices() throws InvalidEventException {
        int numIndices = 0;
        int last = -1;
        boolean ascending = true;
        for (int count = cursor.readBlockCount(1); count != 0; count = cursor.readBlockCount(1)) {
            for (int i = 0; i < count; i++) {
                int index = cursor.readInt();
                if (index < 0 || (hasher == null && index >= numSent)) {
                    violate(
                            DeadLetterReason.FEATURE_INDEX_OUT_OF_RANGE,
                            "the index "
                                    + index
                                    + " is out of range"
                                    + (hasher == null ? " for " + numSent + " features" : ""));
                }
                if (numIndices < MAX_FEATURES) {
                    if (numIndices == indices.length) {
                        indices = Arrays.copyOf(indices, 2 * numIndices);
                    }
                    indices[numIndices] = index;
                } else {
                    violateSize();
                }
                numIndices++;
                ascending &= index > last;
                last = index;
            }
        }
        if (!ascending && violation == null) {
            int[] sorted = Arrays.copyOf(indices, numIndices);
            Arrays.sort(sorted);
            for (int i = 1; i < numIndices; i++) {
                if (sorted[i] == sorted[i - 1]) {
                    violate(
                            DeadLetterReason.DUPLICATE_FEATURE,
                            "the index " + sorted[i] + " is there twice");
                }
            }
        }
        return numIndices;
    }

    private void addIndexed(SparseRows row, int index, float value) {
        if (!isAccepted(value)) {
            violateValue(index, value);
        } else if (value != 0 && !Float.isNaN(value)) {
            if (hasher == null) {
                add(row, index, value);
            } else {
                addHashed(row, hasher, hasher.hash(index), value);
            }
        }
    }

    private void addHashed(SparseRows row, FeatureHasher names, long hash, float value) {
        add(row, names.column(hash), FeatureHasher.sign(hash) * value);
    }

    private void add(SparseRows row, int column, float value) {
        if (row.openLength() < MAX_FEATURES) {
            row.add(column, value);
        } else {
            violateSize();
        }
    }

    private void readNumbers(SparseRows row, FeatureHasher names) throws InvalidEventException {
        numNames = 0;
        for (int count = cursor.readBlockCount(MIN_NAMED_NUMBER_BYTES);
                count != 0;
                count = cursor.readBlockCount(MIN_NAMED_NUMBER_BYTES)) {
            for (int i = 0; i < count; i++) {
                int length = cursor.skipText();
                int end = cursor.position();
                float value = cursor.readFloat();
                if (!addName(names, end, length)) {
                    continue;
                }
                if (!isAccepted(value)) {
                    violate(
                            DeadLetterReason.NON_FINITE_FEATURE,
                            quoted(end, length) + " is " + value);
                } else if (value != 0 && !Float.isNaN(value)) {
                    addHashed(row, names, nameHashes[numNames - 1], value);
                }
            }
        }
        checkNames();
    }

    private void readCategories(SparseRows row, FeatureHasher names) throws InvalidEventException {
        numNames = 0;
        for (int count = cursor.readBlockCount(MIN_NAMED_TEXT_BYTES);
                count != 0;
                count = cursor.readBlockCount(MIN_NAMED_TEXT_BYTES)) {
            for (int i = 0; i < count; i++) {
                int length = cursor.skipText();
                int end = cursor.position();
                int valueLength = cursor.skipText();
                int valueEnd = cursor.position();
                if (addName(names, end, length)) {
                    addCategory(row, names, end, length, valueEnd, valueLength);
                }
            }
        }
        checkNames();
    }

    private void addCategory(
            SparseRows row,
            FeatureHasher names,
            int nameEnd,
            int nameLength,
            int valueEnd,
            int valueLength)
            throws InvalidEventException {
        if (valueLength > FeatureHasher.MAX_TEXT_LENGTH) {
            violate(
                    DeadLetterReason.TEXT_TOO_LONG,
                    quoted(nameEnd, nameLength)
                            + " has "
                            + valueLength
                            + " bytes, more than "
                            + FeatureHasher.MAX_TEXT_LENGTH);
            return;
        }
        cursor.requireTextBefore(valueEnd, valueLength);
        if (valueLength > 0) {
            long hash =
                    names.hashCategory(
                            cursor.bytes(),
                            nameEnd - nameLength,
                            nameLength,
                            valueEnd - valueLength,
                            valueLength);
            addHashed(row, names, hash, 1);
        } else if (!acceptsMissing) {
            violate(
                    DeadLetterReason.MISSING_FEATURE,
                    quoted(nameEnd, nameLength)
                            + " is missing, and features.missing is dead-letter");
        }
    }

    /** Checks and hashes the name that ends at a position; returns whether it can be used. */
    private boolean addName(FeatureHasher names, int end, int length) throws InvalidEventException {
        if (violation != null) {
            return false;
        }
        if (length == 0) {
            violate(DeadLetterReason.EMPTY_FEATURE_NAME, "a feature's name is empty");
        } else if (length > FeatureHasher.MAX_NAME_LENGTH) {
            violate(
                    DeadLetterReason.TEXT_TOO_LONG,
                    "a feature's name has "
                            + length
                            + " bytes, more than "
                            + FeatureHasher.MAX_NAME_LENGTH);
        } else if (numNames == MAX_FEATURES) {
            violateSize();
        } else {
            cursor.requireTextBefore(end, length);
            if (numNames == nameHashes.length) {
                nameHashes = Arrays.copyOf(nameHashes, 2 * numNames);
                sortedHashes = new long[2 * numNames];
                nameEnds = Arrays.copyOf(nameEnds, 2 * numNames);
                nameLengths = Arrays.copyOf(nameLengths, 2 * numNames);
            }
            nameHashes[numNames] = names.hash(cursor.bytes(), end - length, length);
            nameEnds[numNames] = end;
            nameLengths[numNames] = length;
            numNames++;
            return true;
        }
        return false;
    }

    /** Checks that no name is there twice: different names have different hashes. */
    private void checkNames() throws InvalidEventException {
        System.arraycopy(nameHashes, 0, sortedHashes, 0, numNames);
        Arrays.sort(sortedHashes, 0, numNames);
        for (int i = 1; i < numNames; i++) {
            if (sortedHashes[i] == sortedHashes[i - 1]) {
                int name = 0;
                while (nameHashes[name] != sortedHashes[i]) {
                    name++;
                }
                violate(
                        DeadLetterReason.DUPLICATE_FEATURE,
                        quoted(nameEnds[name], nameLengths[name]) + " is there twice");
            }
        }
    }

    private boolean isAccepted(float value) {
        return Float.isFinite(value) || (acceptsMissing && Float.isNaN(value));
    }

    private String quoted(int end, int length) throws InvalidEventException {
        return "feature \"" + cursor.textBefore(end, length) + "\"";
    }

    private void violateCount(int count) {
        violate(
                DeadLetterReason.WRONG_NUM_FEATURES,
                count + " features instead of " + numSent + " (num-features)");
    }

    private void violateValue(int index, float value) {
        violate(DeadLetterReason.NON_FINITE_FEATURE, "feature " + index + " is " + value);
    }

    private void violateSize() {
        violate(
                DeadLetterReason.TOO_MANY_FEATURES,
                "the event has more than " + MAX_FEATURES + " features");
    }

    private void violate(DeadLetterReason reason, String detail) {
        if (violation == null) {
            violation = new InvalidEventException(reason, detail);
        }
    }
}
