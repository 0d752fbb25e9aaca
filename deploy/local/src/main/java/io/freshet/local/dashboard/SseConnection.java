package io.freshet.local.dashboard;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * A page that reads the stream of figures as server-sent events.
 *
 * <p>There is never more than one message on its way to it, and no queue: a reader that is slow, or
 * gone, finds out later, in one message, what it has missed. {@link #sendUpdate} is called by one
 * thread and never waits.
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
     * @param callback completed when the reader has closed
     */
    SseConnection(Response response, Callback callback, StreamPosition position) {
        this.response = response;
        this.callback = callback;
        this.position = position;
    }

    /** Sends what is new, unless the message before is still on its way. */
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
            // Tells the page that we are here, and us whether the page is.
            write(ByteBuffer.wrap(KEEP_ALIVE), nowNanos);
        }
    }

    private void write(ByteBuffer message, long nowNanos) {
        lastSentNanos = nowNanos;
        writing = true;
        response.write(
                false, message, Callback.from(() -> writing = false, failure -> fail(failure)));
    }

    /** The connection failed. */
    void fail(Throwable failure) {
        if (closed.compareAndSet(false, true)) {
            callback.failed(failure);
        }
    }

    /** Ends the stream, if nothing is on its way. */
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
