package io.freshet.local.stream;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.AbstractList;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka producer that sends a stream of examples to a topic as labelled events, in order, at a
 * given rate.
 */
public final class StreamSender {
    /** Rate that means full speed. */
    public static final double UNLIMITED = Double.POSITIVE_INFINITY;

    private final Map<String, String> client;
    private final String topic;
    private final double eventsPerSecond;
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean stopped;

    /**
     * @param client properties of the Kafka clients
     * @param topic topic of labelled events
     * @param eventsPerSecond rate, or {@link #UNLIMITED}
     */
    public StreamSender(Map<String, String> client, String topic, double eventsPerSecond) {
        this.client = client;
        this.topic = topic;
        this.eventsPerSecond = eventsPerSecond;
    }

    /**
     * Sends the first {@code limit} examples, or all if there are fewer, and waits until Kafka has
     * acknowledged them.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback reports failures
    public void send(LabelledStream stream, long limit) throws IOException {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "5");
        properties.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, Integer.toString(256 << 10));
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(
                                properties, new ByteArraySerializer(), new ByteArraySerializer());
                LabelledStream.Examples examples = stream.examples()) {
            long start = System.nanoTime();
            long count = Math.min(limit, stream.size());
            for (long i = 0; i < count && !stopped && examples.hasNext(); i++) {
                producer.send(
                        new ProducerRecord<>(topic, encode(i, examples.next())),
                        (metadata, e) -> {
                            if (e != null) {
                                failure.compareAndSet(null, e);
                            }
                        });
                sent.set(i + 1);
                awaitTurn(start, i + 1);
                if (failure.get() != null) {
                    break;
                }
            }
            producer.flush();
        }
        Exception failed = failure.get();
        if (failed != null) {
            throw new IOException("an event could not be sent to topic " + topic, failed);
        }
    }

    private void awaitTurn(long start, long events) {
        if (eventsPerSecond == UNLIMITED) {
            return;
        }
        long due = start + (long) (events * (TimeUnit.SECONDS.toNanos(1) / eventsPerSecond));
        for (long left = due - System.nanoTime();
                left > 0 && !stopped;
                left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** Returns the number of events passed to the producer so far. */
    public long sent() {
        return sent.get();
    }

    /** Stops sending. */
    public void stop() {
        stopped = true;
    }

    private static byte[] encode(long index, LabelledStream.Example example) throws IOException {
        float[] features = example.features();
        ByteBuffer encoded =
                LabelledEvent.newBuilder()
                        .setId(Long.toString(index))
                        .setTimestamp(Instant.ofEpochMilli(System.currentTimeMillis()))
                        .setFeatures(
                                new DenseFeatures(
                                        new AbstractList<>() {
                                            @Override
                                            public Float get(int at) {
                                                return features[at];
                                            }

                                            @Override
                                            public int size() {
                                                return features.length;
                                            }
                                        }))
                        .setLabel(example.label())
                        .build()
                        .toByteBuffer();
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }
}
