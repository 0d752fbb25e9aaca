package io.freshet.local;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Things to close, the newest first, whether the command ends by itself or by Ctrl-C: then a hook
 * of the virtual machine closes them.
 */
final class Closer implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Thread hook = new Thread(this::closeQuietly, "freshet-closer");

    Closer() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Takes over something to close. */
    synchronized <T extends AutoCloseable> T add(T closeable) {
        open.push(closeable);
        return closeable;
    }

    private synchronized void closeAll() throws IOException {
        Exception failure = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw new IOException("something could not be stopped", failure);
        }
    }

    private void closeQuietly() {
        try {
            closeAll();
        } catch (IOException e) {
            System.err.println("freshet: while stopping: " + e);
        }
    }

    @Override
    public void close() throws IOException {
        closeAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The virtual machine is stopping already, and the hook finds nothing left to do.
            Thread.currentThread().interrupt();
        }
    }
}
