package io.freshet.local.dashboard;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Stream of server-sent events to one page.
 *
 * <p>At most one message is being written at a time, and there is no queue: the next message to a
 * slow client contains everything that the client has missed. {@link #sendUpdate} is called by one
 * thread and never blocks.
 */
final class SseConnection {
    private static final long KEEP_ALIVE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final byte[] PREFIX = "data: ".getBytes(StandardCharsets.UTF_8);
    private static final byte[] SUFFIX = "\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] KEEP_ALIVE = ":\n\n".getBytes(StandardCharsets.UTF_8);

    private final Response response;
    private final Callback callback;
    private final StreamPosition position;
    private long lastSentNanos;
    private volatile boolean writing;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param callback completed when the connection is closed
     */
    SseConnection(Response response, Callback callback, StreamPosition position) {
        this.response = response;
        this.callback = callback;
        this.position = position;
    }

    /** Sends what is new, unless the previous message is still being written. */
    void sendUpdate(DashboardData data, long nowNanos) {
        if (writing || closed.get()) {
            return;
        }
        byte[] update = data.nextUpdate(position);
        if (update != null) {
            ByteBuffer message =
                    ByteBuffer.allocate(PREFIX.length + update.length + SUFFIX.length)
                            .put(PREFIX)
                            .put(update)
                            .put(SUFFIX)
                            .flip();
            write(message, nowNanos);
        } else if (nowNanos - lastSentNanos > KEEP_ALIVE_NANOS) {
            // Keeps the connection alive, and detects a page that has been closed.
            write(ByteBuffer.wrap(KEEP_ALIVE), nowNanos);
        }
    }

    private void write(ByteBuffer message, long nowNanos) {
        lastSentNanos = nowNanos;
        writing = true;
        response.write(
                false, message, Callback.from(() -> writing = false, failure -> fail(failure)));
    }

    /** Closes the stream after a failure of the connection. */
    void fail(Throwable failure) {
        if (closed.compareAndSet(false, true)) {
            callback.failed(failure);
        }
    }

    /** Ends the stream, unless a message is still being written. */
    void end() {
        if (!writing && closed.compareAndSet(false, true)) {
            response.write(true, ByteBuffer.allocate(0), callback);
        }
    }

    boolean isWriting() {
        return writing && !closed.get();
    }

    boolean isClosed() {
        return closed.get();
    }
}
