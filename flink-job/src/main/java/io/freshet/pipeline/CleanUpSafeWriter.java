package io.freshet.pipeline;

import java.io.IOException;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sink writer whose {@code close} logs what fails and never throws.
 *
 * <p>Flink takes an exception in a task's clean-up as fatal and ends the TaskManager. Kafka's
 * writers throw there whenever the brokers are away, since they abort their transaction on closing.
 * Nothing is lost by logging it: a transaction that stays open is aborted by the next start, or by
 * Kafka after {@code sink.transaction-timeout}, and a failed write has already failed the task or
 * fails its next checkpoint.
 *
 * @param <T> the records written
 * @param <W> the writer
 */
class CleanUpSafeWriter<T, W extends SinkWriter<T>> implements SinkWriter<T> {
    private static final Logger LOG = LoggerFactory.getLogger(CleanUpSafeWriter.class);

    /** The writer that does the work. */
    protected final W writer;

    CleanUpSafeWriter(W writer) {
        this.writer = writer;
    }

    @Override
    public void write(T element, Context context) throws IOException, InterruptedException {
        writer.write(element, context);
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        writer.flush(endOfInput);
    }

    @Override
    public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
        writer.writeWatermark(watermark);
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.warn("interrupted while Kafka's writer was closed", e);
        } catch (Exception e) {
            LOG.warn("Kafka's writer could not be closed", e);
        }
    }
}
