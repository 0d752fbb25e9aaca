package io.freshet.local.chaos;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Steady, seeded stream of messages of several models, sent by an idempotent producer with all
 * acknowledgements. Every message has a number in a header. One in ten events has no label, and one
 * message in thirty cannot be used.
 */
final class EventLoad implements AutoCloseable {
    /** Header with the number of the message, as eight bytes. */
    static final String NUMBER = "chaos.number";

    static final int NUM_FEATURES = 4;
    static final int NUM_CLASSES = 3;

    /** The ids of the models. */
    static final List<String> MODELS =
            IntStream.rangeClosed(1, 5).mapToObj(i -> "model-" + i).toList();

    private static final int BAD = 30;
    private static final int UNLABELLED = 10;
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long CLOSING_MILLIS = 5_000;

    /** Fate that a message must have. */
    enum Fate {
        TRAINED,
        PREDICTED,
        DEAD_LETTER
    }

    /**
     * A message as it was sent.
     *
     * @param model index of its model in {@link #MODELS}
     */
    record Sent(Fate fate, int model) {}

    /** Place of an acknowledged message in the input topic. */
    record Place(int partition, long offset) {}

    private final Map<String, String> client;
    private final String topic;
    private final int partitions;
    private final int eventsASecond;
    private final Random random;
    private final List<Sent> sent = new ArrayList<>();
    private final Map<Long, Place> acknowledged = new ConcurrentHashMap<>();
    private final Map<Long, String> failures = new ConcurrentHashMap<>();
    private final Thread sending = new Thread(this::send, "load");
    private volatile boolean ends;
    private volatile Throwable failure;

    /**
     * @param client properties of the producer
     * @param seed seed of everything that is sent
     */
    EventLoad(
            Map<String, String> client,
            String topic,
            int partitions,
            int eventsASecond,
            long seed) {
        this.client = client;
        this.topic = topic;
        this.partitions = partitions;
        this.eventsASecond = eventsASecond;
        random = new Random(seed);
    }

    /** Begins to send. */
    void start() {
        sending.setDaemon(true);
        sending.setUncaughtExceptionHandler((thread, e) -> failure = e);
        sending.start();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback gets the result
    private void send() {
        Map<String, Object> properties = new ConcurrentHashMap<>(client);
        properties.put("acks", "all");
        properties.put("enable.idempotence", "true");
        properties.put("linger.ms", "5");
        properties.put("max.block.ms", "600000");
        properties.put("delivery.timeout.ms", "600000");
        properties.put("request.timeout.ms", "10000");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            long start = System.nanoTime();
            while (!ends) {
                long due = (System.nanoTime() - start) / 1_000 * eventsASecond / 1_000_000;
                for (long number = sent.size(); number < due; number++) {
                    ProducerRecord<byte[], byte[]> message = next(number);
                    long id = number;
                    producer.send(
                            message,
                            (place, e) -> {
                                if (e == null) {
                                    acknowledged.put(
                                            id, new Place(place.partition(), place.offset()));
                                } else {
                                    failures.put(id, e.toString());
                                }
                            });
                }
                LockSupport.parkNanos(TICK_NANOS);
            }
        } catch (InterruptException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ProducerRecord<byte[], byte[]> next(long number) {
        int model = random.nextInt(MODELS.size());
        Fate fate =
                random.nextInt(BAD) == 0
                        ? Fate.DEAD_LETTER
                        : random.nextInt(UNLABELLED) == 0 ? Fate.PREDICTED : Fate.TRAINED;
        byte[] value = value(number, model, fate);
        synchronized (sent) {
            sent.add(new Sent(fate, model));
        }
        ProducerRecord<byte[], byte[]> message =
                new ProducerRecord<>(topic, random.nextInt(partitions), null, value);
        message.headers().add(NUMBER, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        return message;
    }

    private byte[] value(long number, int model, Fate fate) {
        int label = random.nextInt(NUM_CLASSES);
        List<Float> features = new ArrayList<>();
        for (int j = 0; j < NUM_FEATURES; j++) {
            features.add((float) (random.nextGaussian() + (j == label ? 2 : 0)));
        }
        LabelledEvent event =
                LabelledEvent.newBuilder()
                        .setId(Long.toString(number))
                        .setModelId(MODELS.get(model))
                        .setTimestamp(Instant.now())
                        .setFeatures(new DenseFeatures(features))
                        .setLabel(fate == Fate.PREDICTED ? null : label)
                        .setWeight(1f)
                        .build();
        return fate == Fate.DEAD_LETTER ? spoilt(event) : bytes(event);
    }

    /** Returns a message that cannot be used, in one of several ways. */
    private byte[] spoilt(LabelledEvent event) {
        return switch (random.nextInt(5)) {
            case 0 -> new byte[0];
            case 1 -> {
                byte[] noise = new byte[1 + random.nextInt(40)];
                random.nextBytes(noise);
                // Not the two bytes that begin an Avro message.
                noise[0] = 0;
                yield noise;
            }
            case 2 -> {
                byte[] whole = bytes(event);
                yield Arrays.copyOf(whole, whole.length - 1 - random.nextInt(whole.length - 1));
            }
            case 3 -> {
                event.setLabel(NUM_CLASSES + random.nextInt(5));
                yield bytes(event);
            }
            default -> {
                event.setFeatures(new DenseFeatures(List.of(1f)));
                yield bytes(event);
            }
        };
    }

    private static byte[] bytes(LabelledEvent event) {
        try {
            ByteBuffer encoded = event.toByteBuffer();
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Throws if the load has ended by itself.
     *
     * @throws ChaosViolation if the producer has failed, so that the check proves nothing any more
     */
    void requireRunning() {
        if (failure != null) {
            throw new ChaosViolation("the load has failed: " + failure);
        }
        if (!failures.isEmpty()) {
            throw new ChaosViolation("Kafka did not take a message: " + failures);
        }
    }

    /** Stops sending, and waits until every message is acknowledged. */
    void finish() throws InterruptedException {
        ends = true;
        sending.join();
        requireRunning();
    }

    /** Returns all messages in the order of their numbers. */
    List<Sent> sent() {
        synchronized (sent) {
            return List.copyOf(sent);
        }
    }

    /** Returns the places of the acknowledged messages by their numbers. */
    Map<Long, Place> acknowledged() {
        return acknowledged;
    }

    @Override
    public void close() {
        ends = true;
        sending.interrupt();
        try {
            sending.join(CLOSING_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
