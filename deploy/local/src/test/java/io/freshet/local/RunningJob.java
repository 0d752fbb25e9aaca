package io.freshet.local;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Process of {@code freshet run}, with a broker in another process and a steady stream of events.
 */
final class RunningJob implements AutoCloseable {
    /**
     * Stream of events, one in fifty of which cannot be decoded.
     *
     * @param models ids of the models, of which each event has one
     */
    record Load(int eventsASecond, List<String> models) {
        private static final Load DEFAULT = new Load(500, List.of("default"));
    }

    private final Load load;
    private final Path directory;
    private final SecuredBroker broker;
    private final JobConfig config;
    private final JobConfig asAdmin;
    private final AtomicLong sent = new AtomicLong();
    private final Thread feeding = new Thread(this::feed, "feed");
    private volatile boolean feedingEnds;
    private volatile boolean closed;
    private final JavaProcess process;

    private RunningJob(
            Load load,
            Path directory,
            SecuredBroker broker,
            JobConfig config,
            JobConfig asAdmin,
            Path file)
            throws IOException {
        this.load = load;
        this.directory = directory;
        this.broker = broker;
        this.config = config;
        this.asAdmin = asAdmin;
        process =
                JavaProcess.freshet(
                        Files.createDirectories(directory.resolve("run")),
                        List.of(),
                        "run",
                        "--config",
                        file.toString());
    }

    /**
     * Starts a broker, the job and the stream of events.
     *
     * @param given settings of the job, in addition to the required ones
     */
    static RunningJob start(Path directory, Map<String, String> given) throws Exception {
        return start(directory, SecuredBroker.start(directory.resolve("broker")), given);
    }

    /**
     * Starts a broker, the job and a stream of events.
     *
     * @param given settings of the job, in addition to the required ones
     */
    static RunningJob start(Path directory, Map<String, String> given, Load load) throws Exception {
        return start(directory, SecuredBroker.start(directory.resolve("broker")), given, load);
    }

    /**
     * Starts the job and the stream of events on a broker, which is closed with the job.
     *
     * @param given settings of the job, which take precedence over those of the broker's client
     */
    static RunningJob start(Path directory, SecuredBroker broker, Map<String, String> given)
            throws Exception {
        return start(directory, broker, given, Load.DEFAULT);
    }

    private static RunningJob start(
            Path directory, SecuredBroker broker, Map<String, String> given, Load load)
            throws Exception {
        try {
            broker.await();
            Map<String, String> settings = new HashMap<>();
            settings.put("num-features", "4");
            settings.put("classes", "3");
            settings.put("checkpoint.interval", "500 ms");
            broker.client().forEach((key, value) -> settings.put("kafka." + key, value));
            settings.putAll(given);
            JobConfig config = JobConfig.parse(settings);
            JobConfig adminConfig = broker.prepare(settings);
            Path file = directory.resolve("job.properties");
            List<String> lines = new ArrayList<>();
            settings.forEach((key, value) -> lines.add(key + "=" + value));
            Files.write(file, lines);
            RunningJob job = new RunningJob(load, directory, broker, config, adminConfig, file);
            job.process.awaitOutput("learning from");
            job.feeding.start();
            return job;
        } catch (Throwable e) {
            broker.close();
            throw e;
        }
    }

    SecuredBroker broker() {
        return broker;
    }

    JobConfig config() {
        return config;
    }

    JavaProcess process() {
        return process;
    }

    /** Returns the client properties of the administrator, who may read everything. */
    private Properties adminClient() {
        Properties properties = new Properties();
        properties.putAll(broker.adminClient());
        return properties;
    }

    private void feed() {
        Properties properties = adminClient();
        // The producer must not lose events during an outage.
        properties.put("delivery.timeout.ms", Integer.toString(Integer.MAX_VALUE));
        properties.put("max.block.ms", Long.toString(Long.MAX_VALUE));
        List<byte[]> events =
                JobOnKafka.events(7, 1_000, 4, 3, load.models().toArray(String[]::new)).stream()
                        .map(JobOnKafka::bytes)
                        .toList();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            long start = System.nanoTime();
            while (!feedingEnds) {
                int next = (int) (sent.getAndIncrement() % events.size());
                send(producer, next % 50 == 0 ? new byte[] {1, 2, 3} : events.get(next));
                long due = start + sent.get() * TimeUnit.SECONDS.toNanos(1) / load.eventsASecond();
                LockSupport.parkNanos(due - System.nanoTime());
            }
        } catch (InterruptException e) {
            if (!closed) {
                throw e;
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the audit detects losses
    private void send(KafkaProducer<byte[], byte[]> producer, byte[] value) {
        producer.send(new ProducerRecord<>(config.kafka().labelledEvents(), value));
    }

    /**
     * Waits for metrics that are committed after this call.
     *
     * @return seconds until they could be read
     */
    double secondsToTheNextMetrics() {
        long start = System.nanoTime();
        Properties properties = adminClient();
        properties.put("isolation.level", "read_committed");
        TopicPartition metrics = new TopicPartition(config.publish().topic(Topic.METRICS), 0);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(metrics));
            consumer.seekToEnd(List.of(metrics));
            JobOnKafka.await(
                    "the next committed metrics",
                    () -> {
                        requireAlive();
                        return !consumer.poll(Duration.ofMillis(100)).isEmpty();
                    });
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private void requireAlive() {
        if (!process.isAlive()) {
            throw new AssertionError("the job has ended:\n" + process.output());
        }
    }

    /** Returns the directory in which the job's process writes. */
    Path directory() {
        return directory.resolve("run");
    }

    /** Stops sending, and waits until all events are processed and accounted for. */
    TopicAudit finish() throws Exception {
        feedingEnds = true;
        feeding.join();
        TopicAudit[] audit = new TopicAudit[1];
        JobOnKafka.await(
                "all events to be accounted for",
                () -> {
                    requireAlive();
                    audit[0] = AuditReader.read(asAdmin);
                    return audit[0].events() == sent.get() && audit[0].holds();
                });
        return audit[0];
    }

    /** Returns what the job has logged, from all log files. */
    String log() {
        StringBuilder log = new StringBuilder();
        try (Stream<Path> files = Files.list(directory.resolve("run"))) {
            for (Path file : files.filter(RunningJob::isLog).sorted().toList()) {
                log.append(Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return log.toString();
    }

    private static boolean isLog(Path file) {
        return file.getFileName().toString().startsWith("freshet-run");
    }

    @Override
    public void close() {
        closed = true;
        feedingEnds = true;
        process.close();
        broker.close();
        feeding.interrupt();
        try {
            feeding.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
