package io.freshet.local;

import io.freshet.classifier.Snapshots;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.cli.Directories;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobKind;
import io.freshet.publish.Topic;
import io.freshet.schemas.LabelledEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Measurement of {@code freshet score} in a process of its own: the times from events, which are
 * sent at a fixed rate, to their predictions, for consumers that read uncommitted and committed
 * records. Arguments: events a second, seconds, settings of the job as {@code KEY=VALUE}.
 *
 * <p>Times count from the moment at which an event was due, even if it was sent later, so that a
 * stall is seen in the times of all events that were due in it.
 */
final class ScoreLoad {
    private static final int FEATURES = 54;
    private static final int CLASSES = 7;
    private static final int RATES = 7;
    private static final int WARM_UP_SECONDS = 30;

    /** Number of different events, which are sent again and again. */
    private static final int DIFFERENT_EVENTS = 1_000;

    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    private final JobConfig config;
    private final int rate;
    private final int count;

    /** Time at which the first event is due. */
    private volatile long begin;

    private ScoreLoad(JobConfig config, int rate, int count) {
        this.config = config;
        this.rate = rate;
        this.count = count;
    }

    public static void main(String[] args) throws Exception {
        int rate = Integer.parseInt(args[0]);
        int seconds = Integer.parseInt(args[1]);
        Snapshots model = new Snapshots(1, FEATURES, CLASSES, CLASSES, "softmax", RATES, true);
        Path directory = Directories.createTemporary("freshet-load-");
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                SnapshotTopic models = new SnapshotTopic(kafka.bootstrapServers())) {
            Map<String, String> settings = new HashMap<>();
            settings.put("num-features", Integer.toString(FEATURES));
            settings.put(
                    "classes",
                    String.join(
                            ",", IntStream.range(0, CLASSES).mapToObj(c -> "class " + c).toList()));
            settings.put("topics.feature-events", "feature-events");
            settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
            for (String setting : Arrays.copyOfRange(args, 2, args.length)) {
                String[] parts = setting.split("=", 2);
                settings.put(parts[0], parts[1]);
            }
            List<String> command = new ArrayList<>(List.of("score"));
            settings.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
            settings.put("job.kind", JobKind.SCORE.name().toLowerCase(Locale.ROOT));
            JobConfig config = JobConfig.parse(settings);
            Topics.create(config.topics(), 1);
            models.send(model.records(100_000));
            try (JavaProcess job =
                    JavaProcess.freshet(directory, List.of(), command.toArray(String[]::new))) {
                job.awaitOutput("predicting the events of");
                new ScoreLoad(config, rate, rate * (WARM_UP_SECONDS + seconds)).measure();
            }
        } finally {
            Directories.delete(directory);
        }
    }

    private void measure() throws Exception {
        begin = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        CompletableFuture<long[]> uncommitted = arrivals("read_uncommitted");
        CompletableFuture<long[]> committed = arrivals("read_committed");
        send();
        long[] first = uncommitted.get();
        long[] last = committed.get();
        System.out.printf(
                Locale.ROOT,
                "%,d events a second, a checkpoint every %,d ms%n%n",
                rate,
                config.checkpointInterval().toMillis());
        System.out.println("  time, ms                  p50       p99   largest");
        int from = rate * WARM_UP_SECONDS;
        print("to the prediction", IntStream.range(from, count).mapToLong(i -> first[i] - due(i)));
        print("to its commit", IntStream.range(from, count).mapToLong(i -> last[i] - due(i)));
        print("the wait for it", IntStream.range(from, count).mapToLong(i -> last[i] - first[i]));
    }

    private static void print(String name, LongStream nanos) {
        Latencies times = new Latencies(nanos.toArray());
        System.out.printf(
                Locale.ROOT,
                "  %-20s %8.1f  %8.1f  %8.1f%n",
                name,
                times.percentile(0.5, TimeUnit.MILLISECONDS),
                times.percentile(0.99, TimeUnit.MILLISECONDS),
                times.percentile(1, TimeUnit.MILLISECONDS));
    }

    /** Returns the time at which an event is due. */
    private long due(long event) {
        return begin + TimeUnit.SECONDS.toNanos(1) * event / rate;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback reports failures
    private void send() throws Exception {
        List<byte[]> events = new ArrayList<>();
        for (LabelledEvent event : JobOnKafka.events(1, DIFFERENT_EVENTS, FEATURES, CLASSES, "m")) {
            event.setLabel(null);
            events.add(JobOnKafka.bytes(event));
        }
        String topic = config.kafka().labelledEvents();
        CompletableFuture<Void> failure = new CompletableFuture<>();
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        properties.put("linger.ms", 0);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                Latencies.awaitDue(due(i));
                producer.send(
                        new ProducerRecord<>(topic, events.get(i % DIFFERENT_EVENTS)),
                        (metadata, e) -> {
                            if (e != null) {
                                failure.completeExceptionally(e);
                            }
                        });
            }
        }
        failure.complete(null);
        failure.get();
    }

    /**
     * Reads predictions in a thread of its own.
     *
     * @return times at which they arrived, by the number of the event, which is its offset
     */
    private CompletableFuture<long[]> arrivals(String isolation) {
        CompletableFuture<long[]> result = new CompletableFuture<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                result.complete(read(isolation));
                            } catch (RuntimeException | Error e) {
                                result.completeExceptionally(e);
                            }
                        },
                        isolation);
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    private long[] read(String isolation) {
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        properties.put("isolation.level", isolation);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", false);
        long[] arrivals = new long[count];
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(
                    List.of(new TopicPartition(config.publish().topic(Topic.PREDICTIONS), 0)));
            long newest = System.nanoTime();
            for (int read = 0; read < count; ) {
                Iterable<ConsumerRecord<byte[], byte[]>> records =
                        consumer.poll(Duration.ofSeconds(1));
                long now = System.nanoTime();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    int event =
                            Math.toIntExact(
                                    AuditReader.read(AuditReader.PREDICTIONS, record)
                                            .getSource()
                                            .getOffset());
                    if (arrivals[event] != 0) {
                        throw new IllegalStateException("event " + event + " is predicted twice");
                    }
                    arrivals[event] = now;
                    read++;
                    newest = now;
                }
                if (now - newest > TIMEOUT.toNanos()) {
                    throw new IllegalStateException(
                            isolation + ": only " + read + " of " + count + " predictions came");
                }
            }
        }
        return arrivals;
    }
}
