package io.freshet.ingest.mapping;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureList;
import io.freshet.features.FieldPath;
import java.io.Serializable;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Mapping from the fields of a message to the parts of an example.
 *
 * @param features fields that are features
 * @param sources places of the other parts; a part without one is absent from the messages
 */
public record FieldMapping(FeatureList features, Map<ExamplePart, FieldSource> sources)
        implements Serializable {
    public static final Key<FeatureList> FEATURES =
            Key.ofParsed(
                            "features",
                            "",
                            FeatureList.TYPE,
                            "Fields that are features, for a source.format other than freshet."
                                + " Kinds: numeric, one number; boolean, 1 or 0; categorical, one"
                                + " column for each of the categories that are listed; time, sine"
                                + " and cosine of the hour of the day and of the day of the week. A"
                                + " range of a list of numbers is that many features."
                                + " numeric(origin=N) subtracts N from large numbers, such as"
                                + " times, before they are rounded to floats. With"
                                + " features.encoding = hashed also: categorical without"
                                + " categories; text, the number of occurrences of each word; and"
                                + " *, all fields that are mapped to nothing else: numbers as"
                                + " numeric, true and false as boolean, texts as categorical,"
                                + " members of objects and lists by their paths, null as absent."
                                + " Fields that follow * have the kind that is given.",
                            FeatureList::parse)
                    .extensible(
                            (saved, configured) ->
                                    !saved.takesOthers()
                                            && Key.startsWith(saved.fields(), configured.fields()));
    public static final Key<Optional<FieldSource>> LABEL =
            source(
                    "label",
                    "Field of the label: a class name, or a list of one value per class. An event"
                            + " whose label is missing is predicted.");
    public static final Key<Optional<FieldSource>> ID =
            source(
                    "id",
                    "Field of the id under which a prediction is published. By default the id is"
                            + " made of the topic, the partition and the offset.");
    public static final Key<Optional<FieldSource>> TIMESTAMP =
            source(
                    "timestamp",
                    "Field of the event's time: ISO 8601, in UTC if it has no offset, or seconds or"
                            + " milliseconds since 1970. By default the record's Kafka timestamp.");
    public static final Key<Optional<FieldSource>> MODEL =
            source(
                    "model",
                    "Field of the id of the model that the event belongs to. By default all events"
                            + " belong to the model default.");
    public static final Key<Optional<FieldSource>> WEIGHT =
            source("weight", "Field of the example weight. By default all weights are 1.");

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = List.of(FEATURES, LABEL, ID, TIMESTAMP, MODEL, WEIGHT);

    /** Mapping of a format that has none. */
    public static final FieldMapping NONE = new FieldMapping(new FeatureList(List.of()), Map.of());

    public FieldMapping {
        // In the order of the parts, so that of several invalid values always the same is reported.
        Map<ExamplePart, FieldSource> ordered = new EnumMap<>(ExamplePart.class);
        ordered.putAll(sources);
        sources = Collections.unmodifiableMap(ordered);
    }

    private static Key<Optional<FieldSource>> source(String name, String meaning) {
        return Key.ofParsed(
                name,
                "",
                FieldSource.TYPE,
                meaning,
                text -> {
                    if (text.isEmpty()) {
                        return Optional.empty();
                    }
                    try {
                        return Optional.of(FieldSource.parse(text));
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(
                                FieldSource.TYPE + " (" + e.getMessage() + ")", e);
                    }
                });
    }

    /** Reads the mapping; adds problems to the settings. */
    public static FieldMapping from(Settings settings) {
        FieldMapping mapping = incomplete(settings);
        if (mapping.features().fields().isEmpty() && settings.text(FEATURES).isEmpty()) {
            settings.problem("features is missing: " + FeatureList.TYPE);
        }
        if (settings.text(LABEL).isEmpty()) {
            settings.problem("label is missing: " + FieldSource.TYPE);
        }
        return mapping;
    }

    /** Reads a mapping that may lack anything; adds problems to the settings. */
    public static FieldMapping incomplete(Settings settings) {
        return new FieldMapping(settings.get(FEATURES), sources(settings));
    }

    /** Reads the places of the parts other than the features; adds problems to the settings. */
    private static Map<ExamplePart, FieldSource> sources(Settings settings) {
        Map<ExamplePart, FieldSource> sources = new EnumMap<>(ExamplePart.class);
        for (ExamplePart part : ExamplePart.values()) {
            settings.get(key(part)).ifPresent(at -> sources.put(part, at));
        }
        return sources;
    }

    /**
     * Returns the settings that say which fields are features, by key. The other parts of the
     * example are among them if they would be taken for features otherwise: where all fields are,
     * and in a list of which a range is.
     */
    public Map<String, String> featureSettings() {
        Map<String, String> values = new TreeMap<>();
        values.put(FEATURES.name(), features.toString());
        paths().forEach(
                        (part, path) -> {
                            if (features.takesOthers() || isInListOfFeatures(path)) {
                                values.put(key(part).name(), path.toString());
                            }
                        });
        return values;
    }

    private boolean isInListOfFeatures(FieldPath path) {
        return features.fields().stream()
                .anyMatch(field -> field.isList() && path.isBelow(field.path()));
    }

    /** Returns the fields that are parts other than the features. */
    public Map<ExamplePart, FieldPath> paths() {
        Map<ExamplePart, FieldPath> paths = new EnumMap<>(ExamplePart.class);
        sources.forEach(
                (part, source) -> {
                    if (source.path() != null) {
                        paths.put(part, source.path());
                    }
                });
        return paths;
    }

    /** Returns the key that maps a part. */
    static Key<Optional<FieldSource>> key(ExamplePart part) {
        return switch (part) {
            case LABEL -> LABEL;
            case ID -> ID;
            case TIMESTAMP -> TIMESTAMP;
            case MODEL -> MODEL;
            case WEIGHT -> WEIGHT;
        };
    }
}
