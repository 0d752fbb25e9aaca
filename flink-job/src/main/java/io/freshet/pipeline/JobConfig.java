package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelCost;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.MonitorMemory;
import io.freshet.publish.PublishConfig;
import io.freshet.publish.PublishFormat;
import io.freshet.publish.Topic;
import io.freshet.registry.RegistryConfig;
import io.freshet.score.ScoreConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.LoggerFactory;

/**
 * Configuration of the whole job: one part per stage, and settings of the job itself.
 *
 * @param flink options passed to Flink unchanged, without the prefix {@code flink.}
 * @param settings text of every key's value, given or default, by key; without the options that are
 *     passed to Kafka and Flink
 */
public record JobConfig(
        KafkaConfig kafka,
        IngestConfig ingest,
        LearnConfig learn,
        MonitorConfig monitor,
        ScoreConfig score,
        PublishConfig publish,
        JobKind kind,
        String jobName,
        int parallelism,
        Duration checkpointInterval,
        Map<String, String> flink,
        Map<String, String> settings) {

    private static final String FLINK_PREFIX = "flink.";

    public static final Key<String> JOB_NAME =
            Key.ofText("job.name", "freshet", "The job's name in Flink.");
    public static final Key<JobKind> KIND =
            Key.ofEnum(
                    "job.kind",
                    JobKind.LEARN,
                    "learn: the job learns from topics.labelled-events, and predicts"
                        + " topics.feature-events, if set. score: it only predicts"
                        + " topics.feature-events, with the models that another job publishes to"
                        + " topics.models; it needs a job.name and sink.transactional-id-prefix of"
                        + " its own.");
    public static final Key<Integer> PARALLELISM =
            Key.ofInt(
                            "job.parallelism",
                            1,
                            1,
                            32_768,
                            "subtasks",
                            "Parallelism of every operator. Each model is trained in one subtask;"
                                + " ingest and different models are distributed over all subtasks.")
                    .changeable();
    public static final Key<Duration> CHECKPOINT_INTERVAL =
            Key.ofDuration(
                            "checkpoint.interval",
                            "10 s",
                            Duration.ofMillis(10),
                            "Time between checkpoints. Results become visible to read_committed"
                                    + " readers when a checkpoint completes.")
                    .changeable();

    private static final List<Key<?>> JOB_KEYS =
            List.of(JOB_NAME, KIND, PARALLELISM, CHECKPOINT_INTERVAL);

    /** Returns all keys of the job by the title of their section in the reference file. */
    public static Map<String, List<Key<?>>> sections() {
        Map<String, List<Key<?>>> sections = new LinkedHashMap<>();
        sections.put("Kafka", KafkaConfig.KEYS);
        sections.put("Examples", IngestConfig.KEYS);
        sections.put("Schema registry", RegistryConfig.KEYS);
        sections.put("Learning", LearnConfig.KEYS);
        sections.put("Drift", DriftConfig.KEYS);
        sections.put("Metrics", MonitorConfig.KEYS);
        sections.put("Predictions", ScoreConfig.KEYS);
        sections.put("Publishing", PublishConfig.KEYS);
        sections.put("Job", JOB_KEYS);
        return sections;
    }

    /** Returns all keys of the job. */
    public static Collection<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>();
        sections().values().forEach(keys::addAll);
        return keys;
    }

    /**
     * Parses the configuration, and logs warnings.
     *
     * @param values values by key, not modified
     * @throws ConfigurationException listing all problems
     */
    public static JobConfig parse(Map<String, String> values) {
        return parse(values, JobConfig::log);
    }

    /**
     * Parses the configuration.
     *
     * @param values values by key, not modified
     * @param warnings receives a sentence for each setting that probably has no effect
     * @throws ConfigurationException listing all problems
     */
    public static JobConfig parse(Map<String, String> values, Consumer<String> warnings) {
        Settings settings = settings(values);
        KafkaConfig kafka = kafka(settings);
        PipelineConfig pipeline = PipelineConfig.read(settings);
        IngestConfig ingest = pipeline.ingest();
        MonitorConfig monitor = pipeline.monitor();
        PublishConfig publish = PublishConfig.from(settings);
        checkTopics(settings, kafka, publish);
        checkFeatureTopics(settings, kafka);
        checkRegistry(settings, ingest.source(), publish);
        FlinkKeys.check(settings, FLINK_PREFIX, settings.withPrefix(FLINK_PREFIX));
        checkTransactions(settings, kafka);
        RecordSizes sizes = new RecordSizes(settings, ingest, publish);
        LearnConfig learn = sizes.checkSnapshots(pipeline.learn(), settings.get(KIND));
        sizes.checkMetrics(learn, monitor);
        JobConfig config =
                new JobConfig(
                        kafka,
                        ingest,
                        learn,
                        monitor,
                        ScoreConfig.from(settings, ingest),
                        publish,
                        settings.get(KIND),
                        settings.get(JOB_NAME),
                        settings.get(PARALLELISM),
                        settings.get(CHECKPOINT_INTERVAL),
                        settings.withPrefix(FLINK_PREFIX),
                        texts(settings, learn));
        settings.throwIfProblems();
        settings.warnings().forEach(warnings);
        return config;
    }

    /**
     * Logs a warning. The logger is not a constant: the class is loaded before the command line has
     * configured the log.
     */
    private static void log(String warning) {
        LoggerFactory.getLogger(JobConfig.class).warn("{}", warning);
    }

    /**
     * Returns the text of every key's value; of an {@code auto} that took the place of a value,
     * what it stands for, so that a job does not continue with another value from its state.
     */
    private static Map<String, String> texts(Settings settings, LearnConfig learn) {
        Map<String, String> texts = new TreeMap<>();
        Map<String, String> resolved = learn.hyperParameters();
        for (Key<?> key : keys()) {
            String text = settings.text(key);
            boolean isAuto = text.equals("auto") && key.hasFormerDefault();
            texts.put(key.name(), isAuto ? resolved.getOrDefault(key.name(), text) : text);
        }
        return texts;
    }

    /**
     * Parses the brokers, the topics, the format of the messages and the classes, if there are any.
     * The values of other keys are not checked, and no other key is required.
     *
     * @param values values by key, not modified
     * @throws ConfigurationException listing all problems
     */
    public static JobTopics parseTopics(Map<String, String> values) {
        return parseTopics(values, SourceConfig::from);
    }

    /** Parses like {@link #parseTopics(Map)}, but without a mapping that would have to be there. */
    public static JobTopics parseTopicsWithoutMapping(Map<String, String> values) {
        return parseTopics(values, SourceConfig::withoutMapping);
    }

    /**
     * Parses the number of features and the classes, if they are set. No other key is required.
     *
     * @param values values by key, not modified
     * @throws ConfigurationException listing all problems
     */
    public static GivenShape parseShape(Map<String, String> values) {
        Settings settings = settings(values);
        Integer numFeatures =
                settings.text(FieldMapping.FEATURES).isEmpty()
                        ? settings.get(IngestConfig.NUM_FEATURES).orElse(null)
                        : Integer.valueOf(IngestConfig.ofJsonFeatures(settings).numFeatures());
        List<String> classes = IngestConfig.givenClasses(settings);
        settings.throwIfProblems();
        return new GivenShape(numFeatures, classes);
    }

    private static JobTopics parseTopics(
            Map<String, String> values, Function<Settings, SourceConfig> sources) {
        Settings settings = settings(values);
        KafkaConfig kafka = kafka(settings);
        SourceConfig source = sources.apply(settings);
        List<String> classes = IngestConfig.givenClasses(settings);
        PublishConfig publish = PublishConfig.from(settings);
        checkTopics(settings, kafka, publish);
        checkFeatureTopics(settings, kafka);
        settings.throwIfProblems();
        settings.warnings().forEach(JobConfig::log);
        return new JobTopics(settings.get(KIND), kafka, source, classes, publish);
    }

    /**
     * Parses what a server of a job's models needs. The values of other keys are not checked, and
     * no other key is required.
     *
     * @param values values by key, not modified
     * @throws ConfigurationException listing all problems
     */
    public static ServingConfig parseServing(Map<String, String> values) {
        Settings settings = settings(values);
        KafkaConfig kafka = KafkaConfig.from(settings);
        String topic = PublishConfig.from(settings).topic(Topic.MODELS);
        IngestConfig events =
                settings.text(FieldMapping.FEATURES).isEmpty()
                        ? null
                        : IngestConfig.ofJsonFeatures(settings);
        settings.throwIfProblems();
        settings.warnings().forEach(JobConfig::log);
        return new ServingConfig(kafka, topic, events);
    }

    /** Returns the configuration of the stages from messages to results. */
    public PipelineConfig pipeline() {
        return new PipelineConfig(ingest, learn, monitor);
    }

    /** Returns the brokers and topics. */
    public JobTopics topics() {
        return new JobTopics(kind, kafka, ingest.source(), ingest.classes(), publish);
    }

    /** Checks that the registry is used if it is configured. */
    private static void checkRegistry(
            Settings settings, SourceConfig source, PublishConfig publish) {
        if (publish.format() == PublishFormat.CONFLUENT_AVRO) {
            return;
        }
        if (source.format() == SourceFormat.CONFLUENT_AVRO) {
            settings.refuseIneffective(
                    PublishConfig.FORMAT, RegistryConfig.SOURCE_KEYS, RegistryConfig.KEYS);
        } else {
            settings.refuseIneffective(
                    List.of(SourceConfig.FORMAT, PublishConfig.FORMAT),
                    List.of(),
                    RegistryConfig.KEYS);
        }
    }

    private static void checkTopics(Settings settings, KafkaConfig kafka, PublishConfig publish) {
        List<String> outputs = publish.topics().stream().filter(kafka.input()::selects).toList();
        if (!outputs.isEmpty()) {
            settings.problem(
                    settings.assignment(KafkaConfig.LABELLED_EVENTS)
                            + ": the job would read its own output"
                            + (kafka.input().pattern() == null
                                    ? ""
                                    : ", since the pattern matches "
                                            + String.join(" and ", outputs)));
        }
    }

    /**
     * Reads the configuration of Kafka, of which a job that only predicts has one kind of input.
     */
    private static KafkaConfig kafka(Settings settings) {
        KafkaConfig kafka = KafkaConfig.from(settings);
        if (settings.get(KIND) == JobKind.LEARN) {
            return kafka;
        }
        if (kafka.features() == null) {
            settings.problem(
                    settings.assignment(KIND)
                            + " with "
                            + settings.assignment(KafkaConfig.FEATURE_EVENTS)
                            + ": there are no events to predict");
            return kafka;
        }
        return kafka.ofFeatures(kafka.features());
    }

    /** Checks that no topic is listed as one of labelled events and as one of feature events. */
    private static void checkFeatureTopics(Settings settings, KafkaConfig kafka) {
        List<String> both = new ArrayList<>(kafka.labelled().names());
        both.retainAll(kafka.features() == null ? List.of() : kafka.features().names());
        if (!both.isEmpty()) {
            settings.problem(
                    settings.assignment(KafkaConfig.FEATURE_EVENTS)
                            + " with "
                            + settings.assignment(KafkaConfig.LABELLED_EVENTS)
                            + ": "
                            + String.join(" and ", both)
                            + " can be one of them only");
        }
    }

    private static Settings settings(Map<String, String> values) {
        Settings settings = Settings.of(values, keys(), Set.of(KafkaConfig.PREFIX, FLINK_PREFIX));
        KafkaClientKeys.check(settings, settings.withPrefix(KafkaConfig.PREFIX));
        return settings;
    }

    /** Checks that a transaction, which stays open between checkpoints, does not time out. */
    private static void checkTransactions(Settings settings, KafkaConfig kafka) {
        Duration interval = settings.get(CHECKPOINT_INTERVAL);
        if (kafka.transactionTimeout().compareTo(interval) <= 0) {
            settings.problem(
                    KafkaConfig.TRANSACTION_TIMEOUT
                            + " = "
                            + kafka.transactionTimeout().toMillis()
                            + " ms: must be longer than "
                            + CHECKPOINT_INTERVAL
                            + ", "
                            + interval.toMillis()
                            + " ms, or Kafka aborts every transaction before it is committed");
        }
    }

    /**
     * Returns a warning if {@code models.max} models do not fit into the heap of one process that
     * runs all subtasks.
     *
     * @param heapLimit maximum heap size in bytes
     */
    public Optional<String> memoryShortage(long heapLimit) {
        return ModelCost.of(learn)
                .plus(MonitorMemory.cost(monitor))
                .shortage(learn.maxModels(), parallelism, heapLimit, 0);
    }

    /** Contains only the name and Kafka's addresses: Flink's options may contain passwords. */
    @Override
    public String toString() {
        return "JobConfig[" + jobName + ", " + kafka + "]";
    }
}
