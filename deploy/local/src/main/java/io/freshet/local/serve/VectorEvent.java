package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.mapping.JsonLimits;
import io.freshet.local.cli.JsonProblems;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;

/**
 * Event that has its features by column: all of them, {@code {"features": [...]}}, or those that
 * are not 0, {@code {"columns": [...], "values": [...]}}. In place of a number null is a missing
 * value. Reads one event after another; not thread-safe.
 */
final class VectorEvent {
    static final String FEATURES = "features";
    static final String COLUMNS = "columns";
    static final String VALUES = "values";

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .streamReadConstraints(JsonLimits.CONSTRAINTS)
                    .build();

    private static final int FIRST_CAPACITY = 64;

    private float[] numbers = new float[FIRST_CAPACITY];
    private int[] columns = new int[FIRST_CAPACITY];
    private int numNumbers;
    private int numColumns;
    private boolean hasFeatures;
    private boolean hasValues;
    private boolean hasColumns;

    /** Returns whether an event begins as a vector does, with a list of one of these names. */
    static boolean isVector(byte[] event, Set<String> names) {
        try (JsonParser parser = JSON.createParser(event)) {
            return parser.nextToken() == JsonToken.START_OBJECT
                    && parser.nextToken() == JsonToken.FIELD_NAME
                    && names.contains(parser.currentName())
                    && parser.nextToken() == JsonToken.START_ARRAY;
        } catch (IOException e) {
            return false; // whatever reads it as a mapped event says why it is invalid
        }
    }

    /**
     * Reads an event and classifies it.
     *
     * @throws Refusal if the event is not a vector, or does not fit the model
     */
    Classification classify(byte[] event, Classifier model) throws Refusal {
        read(event);
        try {
            return hasFeatures
                    ? model.classify(Arrays.copyOf(numbers, numNumbers))
                    : model.classify(
                            Arrays.copyOf(columns, numColumns), Arrays.copyOf(numbers, numNumbers));
        } catch (IllegalArgumentException e) {
            throw new Refusal(reason(model), String.valueOf(e.getMessage()));
        }
    }

    private DeadLetterReason reason(Classifier model) {
        if (hasFeatures && numNumbers != model.numFeatures()) {
            return DeadLetterReason.WRONG_NUM_FEATURES;
        }
        for (int i = 0; i < numNumbers; i++) {
            if (Float.isNaN(numbers[i])) {
                return DeadLetterReason.MISSING_FEATURE;
            }
            if (Float.isInfinite(numbers[i])) {
                return DeadLetterReason.NON_FINITE_FEATURE;
            }
        }
        return DeadLetterReason.WRONG_NUM_FEATURES;
    }

    private void read(byte[] event) throws Refusal {
        numNumbers = 0;
        numColumns = 0;
        hasFeatures = false;
        hasValues = false;
        hasColumns = false;
        try (JsonParser parser = JSON.createParser(event)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new Refusal(DeadLetterReason.INVALID_JSON, "the event is not a JSON object");
            }
            for (String name = parser.nextFieldName();
                    name != null;
                    name = parser.nextFieldName()) {
                readField(parser, name);
            }
            if (parser.nextToken() != null) {
                throw new Refusal(
                        DeadLetterReason.TRAILING_BYTES, "another value follows the object");
            }
        } catch (JsonProcessingException e) {
            throw new Refusal(
                    DeadLetterReason.INVALID_JSON,
                    "the event is not a JSON object: " + JsonProblems.describe(e));
        } catch (IOException e) {
            throw new Refusal(DeadLetterReason.INVALID_JSON, String.valueOf(e.getMessage()));
        }
        if (hasFeatures == (hasColumns || hasValues) || hasColumns != hasValues) {
            throw new Refusal(
                    DeadLetterReason.MISSING_FEATURE,
                    "the event must have either features, or columns and values");
        }
    }

    private void readField(JsonParser parser, String name) throws IOException, Refusal {
        boolean twice = false;
        switch (name) {
            case FEATURES -> {
                twice = hasFeatures;
                hasFeatures = true;
            }
            case COLUMNS -> {
                twice = hasColumns;
                hasColumns = true;
            }
            case VALUES -> {
                twice = hasValues;
                hasValues = true;
            }
            default ->
                    throw new Refusal(
                            DeadLetterReason.WRONG_TYPE,
                            name
                                    + " is neither features, columns nor values; events with named"
                                    + " fields need the setting features");
        }
        if (twice) {
            throw new Refusal(DeadLetterReason.DUPLICATE_FIELD, name + " is there twice");
        }
        if (parser.nextToken() != JsonToken.START_ARRAY) {
            throw new Refusal(DeadLetterReason.WRONG_TYPE, name + " is not a list");
        }
        int index = 0;
        for (JsonToken token = parser.nextToken();
                token != JsonToken.END_ARRAY;
                token = parser.nextToken()) {
            if (name.equals(COLUMNS)) {
                addColumn(parser, token, index);
            } else {
                addNumber(parser, token, name, index);
            }
            index++;
        }
    }

    private void addColumn(JsonParser parser, JsonToken token, int index)
            throws IOException, Refusal {
        if (token != JsonToken.VALUE_NUMBER_INT) {
            throw new Refusal(
                    DeadLetterReason.WRONG_TYPE, COLUMNS + "[" + index + "] is not a whole number");
        }
        if (numColumns == columns.length) {
            columns = Arrays.copyOf(columns, 2 * numColumns);
        }
        columns[numColumns++] = parser.getIntValue();
    }

    private void addNumber(JsonParser parser, JsonToken token, String name, int index)
            throws IOException, Refusal {
        double value =
                switch (token) {
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
                    case VALUE_NULL -> Double.NaN;
                    default ->
                            throw new Refusal(
                                    DeadLetterReason.WRONG_TYPE,
                                    name + "[" + index + "] is not a number");
                };
        if (numNumbers == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * numNumbers);
        }
        numbers[numNumbers] = (float) value;
        if (Float.isInfinite(numbers[numNumbers])) {
            throw new Refusal(
                    DeadLetterReason.NON_FINITE_FEATURE,
                    name
                            + "["
                            + index
                            + "] is "
                            + value
                            + (Double.isInfinite(value) ? "" : ", too large for a float"));
        }
        numNumbers++;
    }
}
