package io.freshet.publish;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.model.LearnerSettings;
import io.freshet.registry.RegistryConfig;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names of the output topics, format of the events on them, and size of the records of a snapshot.
 *
 * @param topicNames name of every topic
 * @param chunkSize number of parameters in one record of a snapshot, at least 1, of 4 bytes each
 * @param topK number of the most probable classes that a prediction has; 0 for all classes
 * @param registry registry of the events' schemas; null unless the format is {@link
 *     PublishFormat#CONFLUENT_AVRO}
 */
public record PublishConfig(
        Map<Topic, String> topicNames,
        PublishFormat format,
        int chunkSize,
        int topK,
        @Nullable RegistryConfig registry)
        implements Serializable {

    public static final Key<PublishFormat> FORMAT =
            Key.ofEnum(
                            "publish.format",
                            PublishFormat.AVRO,
                            "Format of the events on all output topics: avro in its single-object"
                                + " encoding, json with the field names of the schemas, about four"
                                + " times as large, or confluent-avro, with the id of the schema in"
                                + " a schema registry, under the subject <topic>-value. A topic may"
                                + " hold all of them; `freshet` reads all.")
                    .changeable();
    public static final Key<Integer> CHUNK_SIZE =
            Key.ofInt(
                            "models.chunk-size",
                            180_000,
                            1,
                            100_000_000,
                            "parameters",
                            "Maximum number of a snapshot's parameters in one record, 4 bytes each;"
                                    + " in JSON, where each takes up to 16 bytes, a quarter of"
                                    + " them. A record must not exceed the limits of the producer"
                                    + " and the topic.")
                    .changeable();

    public static final Key<Optional<Integer>> TOP_K =
            Key.ofIntOr(
                            "all",
                            "predictions.top-k",
                            1,
                            1_000_000,
                            "classes",
                            "Number of the most probable classes whose names and probabilities a"
                                    + " prediction has; all for a probability of each class, by"
                                    + " index. The entropy is always that of all classes.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = keys();

    public PublishConfig {
        if (chunkSize < 1 || topicNames.size() < Topic.values().length) {
            throw new IllegalArgumentException(
                    "models.chunk-size " + chunkSize + ", topics " + topicNames);
        }
        topicNames = Map.copyOf(topicNames);
    }

    private static List<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>();
        for (Topic topic : Topic.values()) {
            keys.add(topic.key());
        }
        keys.add(FORMAT);
        keys.add(CHUNK_SIZE);
        keys.add(TOP_K);
        return List.copyOf(keys);
    }

    /** Reads the configuration; adds problems to the settings. */
    public static PublishConfig from(Settings settings) {
        Map<Topic, String> names = new EnumMap<>(Topic.class);
        Set<String> seen = new HashSet<>();
        for (Topic topic : Topic.values()) {
            String name = settings.get(topic.key());
            names.put(topic, name);
            if (!seen.add(name)) {
                settings.problem(
                        settings.assignment(topic.key())
                                + ": another kind of output is already written to this topic");
            }
        }
        PublishFormat format = settings.get(FORMAT);
        return new PublishConfig(
                names,
                format,
                settings.get(CHUNK_SIZE),
                settings.get(TOP_K).orElse(0),
                format == PublishFormat.CONFLUENT_AVRO
                        ? RegistryConfig.require(settings, FORMAT).orElse(null)
                        : null);
    }

    /** Returns the number of parameters in each record of a snapshot after its first. */
    public int parametersPerRecord() {
        return (int) Math.max(1, (long) chunkSize * Float.BYTES / format.bounds().parameter());
    }

    /**
     * Returns the number of parameters in the first record of a snapshot, which has room for all
     * that is not split.
     *
     * @param numFeatures number of features that the scaler has moments and a limit of; 0 without a
     *     scaler
     * @param featureSettings settings that say which fields are features
     */
    public int parametersInFirstRecord(int numFeatures, Map<String, String> featureSettings) {
        long bytes =
                (long) chunkSize * Float.BYTES - roomInFirstRecord(numFeatures, featureSettings);
        return (int) Math.max(1, bytes / format.bounds().parameter());
    }

    /**
     * Returns an upper bound of the bytes of a dense model's parameters in the first record of a
     * snapshot, and of an ensemble's small arrays, which take room from them.
     *
     * @param numFeatures number of features that the scaler has moments and a limit of; 0 without a
     *     scaler
     * @param featureSettings settings that say which fields are features
     */
    public long parameterBytesInFirstRecord(
            LearnerSettings learner, int numFeatures, Map<String, String> featureSettings) {
        long small = EnsembleSizes.maxSmallValues(learner);
        long all = learner.numParameters() + EnsembleSizes.maxParameters(learner) + small;
        long first = Math.min(all, parametersInFirstRecord(numFeatures, featureSettings));
        return Math.max(small + 1, first) * format.bounds().parameter();
    }

    /** Returns the least of these bytes, whatever the size of a record. */
    public long leastParameterBytesInFirstRecord(LearnerSettings learner) {
        return (long) (EnsembleSizes.maxSmallValues(learner) + 1) * format.bounds().parameter();
    }

    /**
     * Returns the bytes that parameters leave in the first record of a snapshot: those by which the
     * other fields may be larger than in Avro, and those of the list of features.
     *
     * @param numFeatures number of features that the scaler has moments and a limit of; 0 without a
     *     scaler
     * @param featureSettings settings that say which fields are features
     */
    public long roomInFirstRecord(int numFeatures, Map<String, String> featureSettings) {
        RecordBounds bounds = format.bounds();
        long names =
                featureSettings.values().stream()
                        .filter(text -> !text.isEmpty())
                        .mapToLong(bounds::text)
                        .sum();
        return names
                + 2L * numFeatures * (bounds.moment() - RecordBounds.AVRO.moment())
                + (long) numFeatures * (bounds.parameter() - RecordBounds.AVRO.parameter())
                + bounds.envelope()
                - RecordBounds.AVRO.envelope();
    }

    /**
     * Returns the number of a sparse model's rows in a record that has room for some parameters, at
     * least 1: a row has its column and its scale, too.
     *
     * @param width number of parameters of a row
     * @param parameters number of parameters that there is room for
     */
    static int rowsOf(int width, int parameters) {
        return Math.max(1, parameters / (width + 2));
    }

    /**
     * Returns the bytes of a sparse model's rows in the first record of a snapshot.
     *
     * @param width number of parameters of a row
     * @param featureSettings settings that say which fields are features
     */
    public long rowBytesInFirstRecord(int width, Map<String, String> featureSettings) {
        return (long) rowsOf(width, parametersInFirstRecord(0, featureSettings))
                * (width + 2)
                * format.bounds().parameter();
    }

    /** Returns this configuration with the events in Avro's single-object encoding. */
    public PublishConfig inAvro() {
        return new PublishConfig(topicNames, PublishFormat.AVRO, chunkSize, topK, null);
    }

    /** Returns the name of a topic. */
    public String topic(Topic topic) {
        String name = topicNames.get(topic);
        if (name == null) {
            throw new IllegalStateException("no name for " + topic);
        }
        return name;
    }

    /** Returns the registry's subject of the events' schema of a topic. */
    public String subject(Topic topic) {
        return topic(topic) + "-value";
    }

    /** Returns the names of all topics. */
    public List<String> topics() {
        return Arrays.stream(Topic.values()).map(this::topic).toList();
    }
}
