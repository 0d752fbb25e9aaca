package io.freshet.local.cli;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orderly shutdown of the process: closes the resources of the commands within a bounded time, then
 * deletes the process's directory.
 *
 * <p>The first SIGINT or SIGTERM starts the shutdown; a second one halts the process at once.
 */
public final class ProcessShutdown {
    /** Exit code of all failures except errors in the options, the settings or Kafka's setup. */
    public static final int FAILED = 1;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(40);
    private static final Duration HALT_TIMEOUT = CLOSE_TIMEOUT.plusSeconds(10);
    private static final int SIGNAL_BASE = 128;

    /** Each signal is handled in a thread of its own. */
    private static final AtomicBoolean SIGNALLED = new AtomicBoolean();

    private static final List<AutoCloseable> RESOURCES = new ArrayList<>();

    /** Resources that must be closed before the JVM's shutdown hooks run. */
    private static final List<AutoCloseable> BEFORE_HOOKS = new ArrayList<>();

    private static @Nullable Thread hook;
    private static @Nullable ProcessDirectory directory;
    private static volatile boolean begun;
    private static volatile @Nullable Supplier<OptionalInt> orderlyEnd;

    private ProcessShutdown() {}

    /** Returns whether the shutdown has begun; failures that it causes need not be reported. */
    public static boolean hasBegun() {
        return begun;
    }

    /**
     * Sets what the first signal does before the shutdown begins, such as stopping a job.
     *
     * @param end returns the exit code of the process if everything has ended in order, such as 0;
     *     empty for the signal's exit code
     */
    public static void beforeShutdown(Supplier<OptionalInt> end) {
        orderlyEnd = end;
    }

    /** Registers a resource to be closed at shutdown. */
    static synchronized void register(AutoCloseable closeable) {
        RESOURCES.add(closeable);
        ensureHook();
    }

    /**
     * Registers a resource that a signal closes before the JVM's shutdown hooks run: one whose
     * library has a hook of its own, which must find it closed.
     */
    public static synchronized void registerBeforeHooks(AutoCloseable closeable) {
        BEFORE_HOOKS.add(closeable);
    }

    /** Unregisters a resource that has been closed. */
    public static synchronized void unregister(AutoCloseable closeable) {
        RESOURCES.remove(closeable);
        BEFORE_HOOKS.remove(closeable);
    }

    /**
     * Opens the directory of this process, which the shutdown deletes after everything else. A
     * shutdown that begins meanwhile waits for it.
     *
     * @param parent system's temporary directory
     */
    public static synchronized ProcessDirectory openDirectory(Path parent) throws IOException {
        ensureHook();
        ProcessDirectory opened = ProcessDirectory.open(parent);
        directory = opened;
        return opened;
    }

    private static void ensureHook() {
        if (hook == null && !begun) {
            hook = new Thread(ProcessShutdown::end, "freshet-end");
            Runtime.getRuntime().addShutdownHook(hook);
        }
    }

    private static synchronized List<AutoCloseable> newestFirst(List<AutoCloseable> resources) {
        List<AutoCloseable> newest = new ArrayList<>(resources);
        Collections.reverse(newest);
        return newest;
    }

    private static void end() {
        begun = true;
        haltLater(FAILED);
        Thread ending = new Thread(() -> closeAll(RESOURCES), "freshet-closing");
        ending.setDaemon(true);
        ending.start();
        try {
            ending.join(CLOSE_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (ending.isAlive()) {
            System.err.println(
                    "freshet: not everything has stopped within "
                            + CLOSE_TIMEOUT.toSeconds()
                            + " s; exiting anyway");
        }
        removeDirectory();
        if (ending.isAlive()) {
            Runtime.getRuntime().halt(FAILED);
        }
    }

    /** Halts the process if the shutdown takes too long, even if another shutdown hook hangs. */
    private static void haltLater(int code) {
        Thread watchdog =
                new Thread(
                        () -> {
                            long until = System.nanoTime() + HALT_TIMEOUT.toNanos();
                            while (System.nanoTime() - until < 0) {
                                LockSupport.parkNanos(until - System.nanoTime());
                            }
                            Runtime.getRuntime().halt(code);
                        },
                        "freshet-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
    }

    private static void closeAll(List<AutoCloseable> resources) {
        for (AutoCloseable closeable : newestFirst(resources)) {
            try {
                closeable.close();
            } catch (Exception e) {
                System.err.println("freshet: while stopping: " + Failures.reason(e));
            }
        }
    }

    private static void removeDirectory() {
        ProcessDirectory last;
        synchronized (ProcessShutdown.class) {
            last = directory;
            directory = null;
        }
        if (last == null) {
            return;
        }
        try {
            last.close();
        } catch (IOException e) {
            System.err.println(
                    "freshet: some temporary files could not be deleted: " + Failures.reason(e));
        }
    }

    /** Installs the handlers of SIGINT and SIGTERM. */
    public static void handleSignals() {
        handle("INT");
        handle("TERM");
    }

    /**
     * Installs a handler by reflection: there is no supported API, but {@code sun.misc.Signal} is
     * in the module jdk.unsupported of every JDK.
     */
    private static void handle(String name) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            int code = SIGNAL_BASE + (int) signalType.getMethod("getNumber").invoke(signal);
            InvocationHandler handler =
                    (proxy, method, arguments) ->
                            switch (method.getName()) {
                                case "handle" -> {
                                    onSignal(name, code);
                                    yield null;
                                }
                                case "hashCode" -> System.identityHashCode(proxy);
                                case "equals" -> proxy == arguments[0];
                                default -> "handler of " + name;
                            };
            signalType
                    .getMethod("handle", signalType, handlerType)
                    .invoke(
                            null,
                            signal,
                            Proxy.newProxyInstance(
                                    ProcessShutdown.class.getClassLoader(),
                                    new Class<?>[] {handlerType},
                                    handler));
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            logger().warn("no handler for signal {}; the JVM's default applies", name, e);
        }
    }

    /**
     * Returns the logger. Not a constant, since a logger that is created before {@link
     * LogFile#configure} would log elsewhere.
     */
    private static Logger logger() {
        return LoggerFactory.getLogger(ProcessShutdown.class);
    }

    private static void exit(int code) {
        Supplier<OptionalInt> end = orderlyEnd;
        int exitCode = end == null ? code : end.get().orElse(code);
        begun = true;
        haltLater(exitCode);
        closeAll(BEFORE_HOOKS);
        System.exit(exitCode);
    }

    private static void onSignal(String name, int code) {
        if (SIGNALLED.getAndSet(true)) {
            System.err.println("freshet: second signal, halting at once");
            Runtime.getRuntime().halt(code);
        }
        logger().info("SIG{}: stopping", name);
        new Thread(() -> exit(code), "freshet-signal").start();
    }
}
