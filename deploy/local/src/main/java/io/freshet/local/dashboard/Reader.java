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
 * gone, finds out later, in one message, what it has missed. {@link #advance} is called by one
 * thread and never waits.
 */
final class Reader {
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final byte[] BEFORE = "data: ".getBytes(StandardCharsets.UTF_8);
    private static final byte[] AFTER = "\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.UTF_8);

    private final Response response;
    private final Callback callback;
    private final Cursor cursor;
    private long sent;
    private volatile boolean writing;
    private final AtomicBoolean gone = new AtomicBoolean();

    /**
     * @param callback completed when the reader has gone
     */
    Reader(Response response, Callback callback, Cursor cursor) {
        this.response = response;
        this.callback = callback;
        this.cursor = cursor;
    }

    /** Sends what is new, unless the message before is still on its way. */
    void advance(Figures figures, long nowNanos) {
        if (writing || gone.get()) {
            return;
        }
        byte[] news = figures.news(cursor);
        if (news != null) {
            ByteBuffer message =
                    ByteBuffer.allocate(BEFORE.length + news.length + AFTER.length)
                            .put(BEFORE)
                            .put(news)
                            .put(AFTER)
                            .flip();
            write(message, nowNanos);
        } else if (nowNanos - sent > QUIET_NANOS) {
            // Tells the page that we are here, and us whether the page is.
            write(ByteBuffer.wrap(COMMENT), nowNanos);
        }
    }

    private void write(ByteBuffer message, long nowNanos) {
        sent = nowNanos;
        writing = true;
        response.write(
                false, message, Callback.from(() -> writing = false, failure -> fail(failure)));
    }

    /** The connection failed. */
    void fail(Throwable failure) {
        if (gone.compareAndSet(false, true)) {
            callback.failed(failure);
        }
    }

    /** Ends the stream, if nothing is on its way. */
    void end() {
        if (!writing && gone.compareAndSet(false, true)) {
            response.write(true, ByteBuffer.allocate(0), callback);
        }
    }

    boolean isWriting() {
        return writing && !gone.get();
    }

    boolean isGone() {
        return gone.get();
    }
}
