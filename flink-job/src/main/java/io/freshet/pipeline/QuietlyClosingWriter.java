package io.freshet.pipeline;

import java.io.IOException;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.SinkWriter;

/**
 * A sink writer that delegates to another one and whose {@code close} never throws.
 *
 * <p>Ignoring failures of {@code close} loses no data: a transaction that stays open is aborted
 * when the job restarts, or by Kafka after {@code sink.transaction-timeout}, and a failed write has
 * already failed the task or will fail its next checkpoint.
 *
 * @param <T> type of the records
 * @param <W> type of the delegate
 */
class QuietlyClosingWriter<T, W extends SinkWriter<T>> implements SinkWriter<T> {
    /** The writer that is delegated to. */
    protected final W writer;

    QuietlyClosingWriter(W writer) {
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
        Closeables.closeQuietly(writer, "Kafka's writer");
    }
}
