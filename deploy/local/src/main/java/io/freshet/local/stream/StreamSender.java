package io.freshet.local.stream;

import java.io.IOException;
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
 * Kafka producer that sends the messages of a stream of examples to a topic, in order, at a given
 * rate.
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
                LabelledStream.Items<byte[]> messages = stream.messages()) {
            long start = System.nanoTime();
            long count = Math.min(limit, stream.size());
            for (long i = 0; i < count && !stopped && messages.hasNext(); i++) {
                producer.send(
                        new ProducerRecord<>(topic, messages.next()),
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
}
