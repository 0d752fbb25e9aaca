package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.audit.Verdict;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.StateDirectory;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.StartOptions;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.highavailability.nonha.embedded.HaLeadershipControl;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Job in a MiniCluster, with a broker in a process of its own, into which faults are injected while
 * it reads valid and invalid messages.
 */
final class FaultyJob implements AutoCloseable {
    /** Fault, or event that a job has to get over like a fault. */
    enum Fault {
        /** A TaskManager ends, and another one takes its place. */
        TASK_MANAGER_LOST,
        /** The JobManager of the job loses its leadership and gains it again. */
        LEADERSHIP_LOST,
        /** No checkpoint can be written for some time. */
        CHECKPOINTS_FAIL,
        /** Everything ends, and the job is started from its newest checkpoint. */
        CLUSTER_RESTARTED,
        /** The job is stopped with a savepoint and started from it. */
        STOPPED_WITH_SAVEPOINT,
        /** The broker's process is killed and started again. */
        BROKER_KILLED,
        /** The input topic gets one more partition. */
        PARTITION_ADDED,
        /** A producer aborts a transaction in the input topic. */
        INPUT_ABORTED
    }

    private static final int VALID = 10_000;
    private static final int MUTATED = 10_000;
    private static final int BAD_ROUNDS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Time for a savepoint, which waits for the messages that the job has read before it. */
    private static final Duration SAVEPOINT_TIMEOUT = Duration.ofMinutes(5);

    /** Timeouts so short that the job notices a killed broker at once. */
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "num-features", "3",
                    "classes", "no,yes",
                    "mini-batch.max-wait", "100 ms",
                    "kafka.partition.discovery.interval.ms", "500",
                    "flink.restart-strategy.type", "exponential-delay",
                    "flink.restart-strategy.exponential-delay.initial-backoff", "50 ms",
                    "flink.restart-strategy.exponential-delay.max-backoff", "500 ms");

    /** Position in the input topic. */
    private record Position(int partition, long offset) {}

    private final SecuredBroker broker;
    private final Map<String, String> settings;
    private final JobConfig config;
    private final StateDirectory state;
    private final List<byte @Nullable []> messages;
    private final int slice;
    private final KafkaProducer<byte[], byte[]> producer;
    private final List<Future<RecordMetadata>> sent = new ArrayList<>();
    private final TopicReader metrics;
    private final Map<String, Long> counted = new HashMap<>();
    private LocalCluster cluster;
    private int taskManagers = 1;
    private int partitions = 2;

    private FaultyJob(
            SecuredBroker broker,
            Map<String, String> settings,
            JobConfig config,
            StateDirectory state,
            List<byte @Nullable []> messages,
            int slice)
            throws Exception {
        this.broker = broker;
        this.settings = settings;
        this.config = config;
        this.state = state;
        this.messages = messages;
        this.slice = slice;
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        // The producer must not lose messages while the broker is away.
        properties.put("delivery.timeout.ms", Integer.MAX_VALUE);
        properties.put("max.block.ms", Long.MAX_VALUE);
        properties.put("max.request.size", 2 << 20);
        producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer());
        metrics = new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS));
        cluster = startCluster();
    }

    /**
     * Starts the broker and the job.
     *
     * @param given settings of the job
     * @param seed seed of the messages
     * @param faults number of faults that will be injected
     */
    static FaultyJob start(Path directory, Map<String, String> given, long seed, int faults)
            throws Exception {
        SecuredBroker broker = SecuredBroker.start(directory.resolve("broker"));
        try {
            broker.await();
            Map<String, String> settings = new TreeMap<>(SETTINGS);
            broker.adminClient().forEach((key, value) -> settings.put("kafka." + key, value));
            settings.putAll(given);
            JobConfig config = JobConfig.parse(settings);
            Topics.create(config.topics(), 2);
            List<byte @Nullable []> messages = messages(new Random(seed));
            return new FaultyJob(
                    broker,
                    settings,
                    config,
                    StateDirectory.open(directory.resolve("state")),
                    messages,
                    messages.size() / (faults + 1));
        } catch (Throwable e) {
            broker.close();
            throw e;
        }
    }

    private static List<byte @Nullable []> messages(Random random) {
        List<byte @Nullable []> messages = new ArrayList<>();
        JobOnKafka.events(random.nextLong(), VALID, 3, 2, "good", "a", "b", "c", "d")
                .forEach(event -> messages.add(JobOnKafka.bytes(event)));
        messages.addAll(BadMessages.mutated(random.nextLong(), MUTATED));
        for (int round = 0; round < BAD_ROUNDS; round++) {
            messages.addAll(BadMessages.ofOneClass().values());
            messages.addAll(BadMessages.ofProbabilities().values());
        }
        Collections.shuffle(messages, random);
        return messages;
    }

    private LocalCluster startCluster() throws Exception {
        List<JobCheckpoint> newestFirst = state.newestFirst();
        JobStart start =
                JobStart.decide(
                        config,
                        new StartOptions(),
                        newestFirst.isEmpty() ? null : newestFirst.get(0),
                        System.out::println);
        taskManagers = 1;
        LocalCluster started = LocalCluster.startWithLeadershipControl(config, start, state);
        started.awaitRunning();
        return started;
    }

    /**
     * Injects a fault while messages arrive, and waits until the job has counted most of what was
     * sent, and more than before the fault.
     */
    void inject(Fault fault) throws Exception {
        send(slice / 2);
        switch (fault) {
            case TASK_MANAGER_LOST -> loseTaskManager();
            case LEADERSHIP_LOST -> loseLeadership();
            case CHECKPOINTS_FAIL -> failCheckpoints();
            case CLUSTER_RESTARTED -> {
                cluster.close();
                cluster = startCluster();
            }
            case STOPPED_WITH_SAVEPOINT -> {
                cluster.stopWithSavepoint(SAVEPOINT_TIMEOUT);
                cluster.close();
                cluster = startCluster();
            }
            case BROKER_KILLED -> {
                broker.kill();
                broker.restart();
            }
            case PARTITION_ADDED -> addPartition();
            case INPUT_ABORTED -> abortTransaction();
        }
        send(slice - slice / 2);
        producer.flush();
        awaitCounted(sent.size() - slice / 4, "after " + fault);
    }

    private void loseTaskManager() throws Exception {
        cluster.cluster().terminateTaskManager(taskManagers - 1).get();
        cluster.cluster().startTaskManager();
        taskManagers++;
    }

    private void loseLeadership() throws Exception {
        HaLeadershipControl control = cluster.cluster().getHaLeadershipControl().orElseThrow();
        JobID job = jobId();
        control.revokeJobMasterLeadership(job).get();
        control.grantJobMasterLeadership(job).get();
    }

    /** Replaces the directory of checkpoints by a file until the job restarts because of it. */
    private void failCheckpoints() throws Exception {
        Path checkpoints = state.path().resolve("checkpoints");
        Path away = state.path().resolve("away");
        int before = restarts();
        Files.move(checkpoints, away);
        Files.createFile(checkpoints);
        await("a failed checkpoint", () -> restarts() > before);
        Files.delete(checkpoints);
        Files.move(away, checkpoints);
    }

    private int restarts() {
        try {
            return cluster.execution().restarts();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private JobID jobId() throws Exception {
        return cluster.cluster().listJobs().get().iterator().next().getJobId();
    }

    /**
     * Waits until a number of messages has been counted, as long as more are counted: some
     * configurations take minutes for them.
     */
    private void awaitCounted(long messages, String when) throws Exception {
        for (long count = counted(); count < messages; count = counted()) {
            long before = count;
            await("progress " + when, () -> counted() > before);
        }
    }

    /**
     * Waits until a condition holds.
     *
     * @throws AssertionError if the job ends before, with its failure; or if it takes too long,
     *     with the states of the tasks and what they are doing
     */
    private void await(String what, BooleanSupplier condition) throws Exception {
        CompletableFuture<JobResult> end = cluster.cluster().requestJobResult(jobId());
        try {
            JobOnKafka.await(what, () -> end.isDone() || condition.getAsBoolean());
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + tasks(), e);
        }
        if (end.isDone()) {
            throw new AssertionError("the job ended before " + what + ": " + cluster.failure());
        }
    }

    /** Returns the progress, the state of each task, and the stacks of the threads of tasks. */
    private String tasks() throws Exception {
        StringBuilder text = new StringBuilder();
        text.append(counted()).append(" of ").append(sent.size()).append(" messages counted\n");
        for (AccessExecutionVertex task :
                cluster.cluster().getExecutionGraph(jobId()).get().getAllExecutionVertices()) {
            text.append(task.getTaskNameWithSubtaskIndex())
                    .append(' ')
                    .append(task.getExecutionState());
            task.getFailureInfo()
                    .ifPresent(failure -> text.append(": ").append(failure.getExceptionAsString()));
            text.append('\n');
        }
        Thread.getAllStackTraces()
                .forEach(
                        (thread, stack) -> {
                            if (thread.getName().matches(".*\\(\\d+/\\d+\\)#\\d+")) {
                                text.append(thread.getName()).append("\n    at ");
                                text.append(
                                        Arrays.stream(stack)
                                                .map(StackTraceElement::toString)
                                                .collect(Collectors.joining("\n    at ")));
                                text.append('\n');
                            }
                        });
        return text.toString();
    }

    private void addPartition() throws Exception {
        partitions++;
        try (Admin admin = broker.admin()) {
            admin.createPartitions(
                            Map.of(
                                    config.kafka().labelledEvents(),
                                    NewPartitions.increaseTo(partitions)))
                    .all()
                    .get();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the messages are aborted
    private void abortTransaction() {
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        properties.put("transactional.id", "aborting");
        try (KafkaProducer<byte[], byte[]> aborting =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            aborting.initTransactions();
            aborting.beginTransaction();
            byte[] event = JobOnKafka.bytes(BadMessages.event());
            for (int i = 0; i < 50; i++) {
                send(aborting, i % partitions, event);
            }
            aborting.flush();
            aborting.abortTransaction();
        }
    }

    private void send(int count) {
        for (int i = 0; i < count && sent.size() < messages.size(); i++) {
            int message = sent.size();
            sent.add(send(producer, message % partitions, messages.get(message)));
        }
    }

    private Future<RecordMetadata> send(
            KafkaProducer<byte[], byte[]> to, int partition, byte @Nullable [] message) {
        return to.send(
                new ProducerRecord<>(config.kafka().labelledEvents(), partition, null, message));
    }

    /** Returns the number of events that are in the newest metrics. */
    private long counted() {
        for (ConsumerRecord<byte[], byte[]> record : metrics.poll(Duration.ofMillis(50))) {
            MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
            counted.put(event.getModelId(), JobOnKafka.outcomes(event));
        }
        return counted.values().stream().mapToLong(count -> count).sum();
    }

    /** Sends the remaining messages, and waits until the job has counted all of them. */
    void finish() throws Exception {
        send(messages.size());
        producer.flush();
        awaitCounted(messages.size(), "at the end");
        cluster.stopWithSavepoint(SAVEPOINT_TIMEOUT);
    }

    /**
     * Checks that each message was counted once, by counts and digests; that each unlabelled one
     * has one prediction; and that each invalid one is one dead letter with its bytes.
     */
    void assertExactlyOnce() throws Exception {
        Map<Position, byte @Nullable []> expected = new HashMap<>();
        for (int i = 0; i < sent.size(); i++) {
            RecordMetadata metadata = sent.get(i).get();
            expected.put(new Position(metadata.partition(), metadata.offset()), messages.get(i));
        }
        Set<Position> found = new HashSet<>();
        read(
                Topic.PREDICTIONS,
                record -> {
                    PredictionEvent event = AuditReader.read(AuditReader.PREDICTIONS, record);
                    PartitionOffset source = event.getSource();
                    Position position = new Position(source.getPartition(), source.getOffset());
                    assertThat(expected).containsKey(position);
                    assertThat(found.add(position)).as("%s once", position).isTrue();
                });
        read(
                Topic.DEAD_LETTERS,
                record -> {
                    DeadLetterEvent event = AuditReader.read(AuditReader.DEAD_LETTERS, record);
                    Position position = new Position(event.getPartition(), event.getOffset());
                    assertThat(expected).containsKey(position);
                    assertThat(found.add(position)).as("%s once", position).isTrue();
                    assertThat(JobOnKafka.bytes(event.getValue()))
                            .isEqualTo(expected.get(position));
                });

        TopicAudit audit = AuditReader.read(config);
        assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
        assertThat(audit.events()).isEqualTo(messages.size());
        assertThat(found).hasSize((int) (audit.unlabelled().count() + audit.deadLetters().count()));
        AuditReport report =
                JobAudit.run(
                        JobConfig.parseTopics(settings),
                        new AuditRequest(
                                null, null, null, null, PATIENCE, false, isUnaligned(), true));
        assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.PROVEN);
    }

    private boolean isUnaligned() {
        return Boolean.parseBoolean(
                config.flink().get("execution.checkpointing.unaligned.enabled"));
    }

    private void read(Topic topic, Consumer<ConsumerRecord<byte[], byte[]>> records) {
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(topic))) {
            reader.readToEnd(records);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            cluster.close();
        } finally {
            metrics.close();
            producer.close(Duration.ZERO);
            state.close();
            broker.close();
        }
    }
}
