package io.freshet.local.cli;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;

/**
 * Stack of resources that are closed, newest first, when a command ends: by the command itself, or
 * by {@link ProcessShutdown} after a signal.
 */
public final class ShutdownStack implements AutoCloseable {
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Object closing = new Object();
    private boolean closed;

    public ShutdownStack() {
        ProcessShutdown.register(this);
    }

    /**
     * Adds a resource to close at the end.
     *
     * @throws CancellationException if the stack is already closed; this also closes the resource
     */
    public <T extends AutoCloseable> T add(T closeable) throws Exception {
        synchronized (this) {
            if (!closed) {
                resources.push(closeable);
                return closeable;
            }
        }
        closeable.close();
        throw new CancellationException("the command is stopping");
    }

    private synchronized Deque<AutoCloseable> drain() {
        closed = true;
        Deque<AutoCloseable> all = new ArrayDeque<>(resources);
        resources.clear();
        return all;
    }

    /** Closes one resource now and removes it. */
    public void close(AutoCloseable closeable) throws Exception {
        synchronized (this) {
            resources.remove(closeable);
        }
        closeable.close();
    }

    /** Closes all resources. A second call waits until the first has finished. */
    @Override
    public void close() throws IOException {
        synchronized (closing) {
            closeAll();
        }
    }

    private void closeAll() throws IOException {
        Exception failure = null;
        for (AutoCloseable closeable : drain()) {
            try {
                closeable.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        ProcessShutdown.unregister(this);
        if (failure != null) {
            throw new IOException(
                    "something could not be stopped: " + Failures.reason(failure), failure);
        }
    }
}
