package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelCost;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.MonitorMemory;
import io.freshet.publish.PublishConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
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
        PublishConfig publish,
        String jobName,
        int parallelism,
        Duration checkpointInterval,
        Map<String, String> flink,
        Map<String, String> settings) {

    private static final String FLINK_PREFIX = "flink.";

    /** Kafka's default limit of a topic's records, less the overhead of a record batch. */
    private static final int MAX_RECORD_BYTES = 1_000_000;

    /** Upper bound of the fields of fixed number in a record. */
    private static final int ENVELOPE_BYTES = 16_384;

    /** Upper bound of the fields of one class in metrics, without its name. */
    private static final int CLASS_BYTES = 150;

    private static final int CONFUSION_CELL_BYTES = 20;
    private static final int CALIBRATION_BIN_BYTES = 50;

    /** Upper bound of the fields of one expert, with a name that writes out the smallest rate. */
    private static final int EXPERT_BYTES = 400;

    public static final Key<String> JOB_NAME =
            Key.ofText("job.name", "freshet", "The job's name in Flink.");
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
            List.of(JOB_NAME, PARALLELISM, CHECKPOINT_INTERVAL);

    /** Returns all keys of the job by the title of their section in the reference file. */
    public static Map<String, List<Key<?>>> sections() {
        Map<String, List<Key<?>>> sections = new LinkedHashMap<>();
        sections.put("Kafka", KafkaConfig.KEYS);
        sections.put("Examples", IngestConfig.KEYS);
        sections.put("Learning", LearnConfig.KEYS);
        sections.put("Drift", DriftConfig.KEYS);
        sections.put("Metrics", MonitorConfig.KEYS);
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
        KafkaConfig kafka = KafkaConfig.from(settings);
        IngestConfig ingest = IngestConfig.from(settings);
        LearnConfig learn = LearnConfig.from(settings, ingest);
        PublishConfig publish = PublishConfig.from(settings);
        checkTopics(settings, kafka, publish);
        MonitorConfig monitor = MonitorConfig.from(settings, ingest.classes(), learn.maxModels());
        FlinkKeys.check(settings, FLINK_PREFIX, settings.withPrefix(FLINK_PREFIX));
        checkTransactions(settings, kafka);
        checkSnapshots(settings, ingest, learn, publish);
        checkMetrics(settings, learn, monitor);
        JobConfig config =
                new JobConfig(
                        kafka,
                        ingest,
                        learn,
                        monitor,
                        publish,
                        settings.get(JOB_NAME),
                        settings.get(PARALLELISM),
                        settings.get(CHECKPOINT_INTERVAL),
                        settings.withPrefix(FLINK_PREFIX),
                        texts(settings));
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

    private static Map<String, String> texts(Settings settings) {
        Map<String, String> texts = new TreeMap<>();
        for (Key<?> key : keys()) {
            texts.put(key.name(), settings.text(key));
        }
        return texts;
    }

    /**
     * Parses the brokers and topics only. The values of other keys are not checked, and no other
     * key is required.
     *
     * @param values values by key, not modified
     * @throws ConfigurationException listing all problems
     */
    public static JobTopics parseTopics(Map<String, String> values) {
        Settings settings = settings(values);
        KafkaConfig kafka = KafkaConfig.from(settings);
        PublishConfig publish = PublishConfig.from(settings);
        checkTopics(settings, kafka, publish);
        settings.throwIfProblems();
        settings.warnings().forEach(JobConfig::log);
        return new JobTopics(kafka, publish);
    }

    /** Returns the brokers and topics. */
    public JobTopics topics() {
        return new JobTopics(kafka, publish);
    }

    private static void checkTopics(Settings settings, KafkaConfig kafka, PublishConfig publish) {
        if (publish.topics().contains(kafka.labelledEvents())) {
            settings.problem(
                    "topics.labelled-events = "
                            + kafka.labelledEvents()
                            + ": the job would read its own output");
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

    /**
     * Checks the size of a snapshot's first record, which also has all fields that are not split.
     */
    private static void checkSnapshots(
            Settings settings, IngestConfig ingest, LearnConfig learn, PublishConfig publish) {
        int parameters = Math.min(learn.learner().numParameters(), publish.chunkSize());
        long bytes =
                (long) Float.BYTES * parameters
                        + (2L * Double.BYTES + Float.BYTES) * ingest.numFeatures()
                        + ingest.classes().stream().mapToLong(JobConfig::maxBytes).sum()
                        + learn.hyperParameters().entrySet().stream()
                                .mapToLong(e -> maxBytes(e.getKey()) + maxBytes(e.getValue()))
                                .sum()
                        + (long) EXPERT_BYTES * learn.learner().numExperts()
                        + ENVELOPE_BYTES;
        if (bytes > MAX_RECORD_BYTES) {
            settings.problem(
                    "num-features = "
                            + ingest.numFeatures()
                            + ", "
                            + ingest.classes().size()
                            + " classes and models.chunk-size = "
                            + publish.chunkSize()
                            + " make a snapshot's first record up to "
                            + bytes
                            + " bytes large; topics accept at most "
                            + MAX_RECORD_BYTES);
        }
    }

    /** Checks the size of a metrics record. */
    private static void checkMetrics(Settings settings, LearnConfig learn, MonitorConfig monitor) {
        long classBytes =
                learn.classes().stream()
                        .map(name -> CLASS_BYTES + maxBytes(name))
                        .sorted(Comparator.reverseOrder())
                        .limit(monitor.maxClasses())
                        .mapToLong(bytes -> bytes)
                        .sum();
        long bytes =
                classBytes
                        + (long) CONFUSION_CELL_BYTES * monitor.maxConfusionCells()
                        + (long) CALIBRATION_BIN_BYTES * monitor.calibrationBins()
                        + (long) EXPERT_BYTES * learn.learner().numExperts()
                        + ENVELOPE_BYTES;
        if (bytes > MAX_RECORD_BYTES) {
            settings.problem(
                    MonitorConfig.MAX_CLASSES
                            + " = "
                            + monitor.maxClasses()
                            + " and "
                            + MonitorConfig.MAX_CONFUSION_CELLS
                            + " = "
                            + monitor.maxConfusionCells()
                            + " make a record of metrics up to "
                            + bytes
                            + " bytes large; topics accept at most "
                            + MAX_RECORD_BYTES);
        }
    }

    /** Returns an upper bound of the bytes of a text in UTF-8 and its length. */
    private static long maxBytes(String text) {
        return 4L * text.length() + 8;
    }
}
