package io.freshet.classifier;

import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureColumns;
import io.freshet.features.FeatureField;
import io.freshet.features.FeatureList;
import io.freshet.features.FieldPath;
import io.freshet.features.FieldReader;
import io.freshet.features.NameReader;
import io.freshet.features.PathReader;
import io.freshet.features.SparseValues;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Features of a model by name, as its snapshot says which fields they are. Thread-safe: a reader is
 * used by one thread at a time, and kept for the next example.
 */
final class NamedFeatures {
    private static final String FEATURES = "features";
    private static final String ENCODING = "features.encoding";
    private static final String INDICATOR = "features.missing-indicator";
    private static final String DEAD_LETTER = "dead-letter";
    private static final String COLUMNS = "columns";
    private static final String SPARSE = "sparse";
    private static final String HASHED = "hashed";

    /** Classifier of examples by column. */
    interface ColumnClassifier {
        /** Classifies an example by the columns and values of the features that are not 0. */
        Classification classify(int[] columns, float[] values);
    }

    /** Reader of one example after another. Not thread-safe. */
    private interface Reader {
        Classification classify(
                Map<String, ?> fields,
                Function<float[], Classification> dense,
                ColumnClassifier sparse);
    }

    private final ModelInfo info;
    private final Queue<Reader> idle = new ConcurrentLinkedQueue<>();

    /** Maker of readers; null until the first example. */
    private volatile @Nullable Supplier<Reader> readers;

    NamedFeatures(ModelInfo info) {
        this.info = info;
    }

    /**
     * Returns the fields that are features; empty if the snapshot does not say so, or the features
     * are those of Freshet's own format.
     */
    Optional<FeatureList> fields() {
        String text = info.hyperParameters().get(FEATURES);
        return text == null || text.isEmpty() ? Optional.empty() : Optional.of(parse(text));
    }

    /**
     * Classifies an example by the values of its fields.
     *
     * @param dense classifies all features of an example
     * @param sparse classifies those that are not 0
     */
    Classification classify(
            Map<String, ?> fields,
            Function<float[], Classification> dense,
            ColumnClassifier sparse) {
        Supplier<Reader> known = readers;
        if (known == null) {
            known = readers();
            readers = known;
        }
        Reader waiting = idle.poll();
        Reader reader = waiting == null ? known.get() : waiting;
        try {
            return reader.classify(fields, dense, sparse);
        } finally {
            idle.add(reader);
        }
    }

    private Supplier<Reader> readers() {
        Map<String, String> settings = info.hyperParameters();
        String text = settings.get(FEATURES);
        if (text == null) {
            throw unsupported(
                    "its snapshot does not say which fields the features are, as those of earlier"
                            + " releases do not");
        }
        boolean missingIsInvalid = DEAD_LETTER.equals(settings.get(Classifier.MISSING));
        String encoding = settings.getOrDefault(ENCODING, COLUMNS);
        if (text.isEmpty()) {
            if (!encoding.equals(HASHED)) {
                throw unsupported(
                        "its features have no names: the job reads events in Freshet's own format"
                                + " with "
                                + ENCODING
                                + "="
                                + encoding
                                + "; classify them by column");
            }
            int columns = hashBuckets();
            return () -> nameReader(new NameReader(columns, missingIsInvalid));
        }
        FeatureColumns columns =
                switch (encoding) {
                    case COLUMNS, SPARSE -> columns(text, 0, missingIsInvalid);
                    case HASHED -> columns(text, hashBuckets(), missingIsInvalid);
                    default ->
                            throw unsupported(
                                    "its " + ENCODING + " \"" + encoding + "\" is unknown");
                };
        if (columns.numFeatures() != info.numFeatures()) {
            throw unsupported(
                    "it has "
                            + info.numFeatures()
                            + " features, but by its setting "
                            + FEATURES
                            + " "
                            + columns.numFeatures());
        }
        return encoding.equals(COLUMNS)
                ? () -> denseReader(new FieldReader(columns))
                : () -> sparseReader(new FieldReader(columns));
    }

    private static Reader denseReader(FieldReader reader) {
        return (fields, dense, sparse) -> {
            reader.read(fields);
            return dense.apply(reader.dense());
        };
    }

    private static Reader sparseReader(FieldReader reader) {
        SparseValues values = new SparseValues();
        return (fields, dense, sparse) -> {
            reader.read(fields);
            values.clear();
            reader.copyTo(values);
            return sparse.classify(values.columns(), values.values());
        };
    }

    private static Reader nameReader(NameReader reader) {
        return (features, dense, sparse) -> {
            reader.read(features);
            SparseValues values = reader.values();
            return sparse.classify(values.columns(), values.values());
        };
    }

    private int hashBuckets() {
        if (Integer.bitCount(info.numFeatures()) != 1) {
            throw unsupported(
                    "its features are hashed into "
                            + info.numFeatures()
                            + " columns, not a power of 2");
        }
        return info.numFeatures();
    }

    private FeatureColumns columns(String text, int hashBuckets, boolean missingIsInvalid) {
        FeatureList fields = parse(text);
        if (hashBuckets == 0
                && (fields.takesOthers()
                        || fields.fields().stream().anyMatch(FeatureField::isOpen))) {
            throw unsupported("the fields \"" + text + "\" have no columns unless they are hashed");
        }
        boolean indicators = Boolean.parseBoolean(info.hyperParameters().get(INDICATOR));
        return new FeatureColumns(
                fields,
                otherParts(),
                hashBuckets,
                hashBuckets == 0 && indicators,
                missingIsInvalid);
    }

    private FeatureList parse(String text) {
        try {
            return FeatureList.parse(text);
        } catch (IllegalArgumentException e) {
            throw unsupported("its setting " + FEATURES + " cannot be read: " + e.getMessage());
        }
    }

    /** Returns the fields that are other parts of an example, by the keys that map them. */
    private Map<ExamplePart, FieldPath> otherParts() {
        Map<ExamplePart, FieldPath> parts = new EnumMap<>(ExamplePart.class);
        for (ExamplePart part : ExamplePart.values()) {
            String key = part.name().toLowerCase(Locale.ROOT);
            String path = info.hyperParameters().get(key);
            try {
                if (path != null) {
                    parts.put(part, PathReader.parsePath(path));
                }
            } catch (IllegalArgumentException e) {
                throw unsupported("its setting " + key + " cannot be read: " + e.getMessage());
            }
        }
        return parts;
    }

    private UnsupportedOperationException unsupported(String reason) {
        return new UnsupportedOperationException(
                "version "
                        + info.version()
                        + " of model \""
                        + info.modelId()
                        + "\" takes no named features: "
                        + reason);
    }
}
