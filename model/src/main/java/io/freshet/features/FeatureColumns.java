package io.freshet.features;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Fields that are features, with the encoding of their columns.
 *
 * @param features fields that are features
 * @param others fields that are other parts of the example, and so no features where all other
 *     fields are, and not read as members of a list of features
 * @param hashBuckets number of columns into which the names of the columns are hashed, a power of
 *     2; 0 if every column of {@code features} is one of the model
 * @param hasIndicators whether further columns, behind the others, say which values are missing;
 *     not if the columns are hashed
 * @param missingIsInvalid whether an example without one of the features cannot be used
 */
public record FeatureColumns(
        FeatureList features,
        Map<ExamplePart, FieldPath> others,
        int hashBuckets,
        boolean hasIndicators,
        boolean missingIsInvalid) {
    public FeatureColumns {
        // In the order of the parts, so that of several invalid values always the same is reported.
        Map<ExamplePart, FieldPath> ordered = new EnumMap<>(ExamplePart.class);
        ordered.putAll(others);
        others = Collections.unmodifiableMap(ordered);
        if (hashBuckets > 0 && hasIndicators) {
            throw new IllegalArgumentException("indicators of hashed features");
        }
        if (hashBuckets == 0 && features.fields().stream().anyMatch(FeatureField::isOpen)) {
            throw new IllegalArgumentException("open fields that are not hashed: " + features);
        }
    }

    /** Returns the number of features of an example. */
    public int numFeatures() {
        return hashBuckets > 0
                ? hashBuckets
                : features.numColumns() + (hasIndicators ? features.indicators().size() : 0);
    }

    /** Returns whether the names of the columns are hashed. */
    public boolean isHashed() {
        return hashBuckets > 0;
    }
}
