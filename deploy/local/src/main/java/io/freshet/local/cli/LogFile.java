package io.freshet.local.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.status.StatusData;
import org.apache.logging.log4j.status.StatusListener;
import org.apache.logging.log4j.status.StatusLogger;

/**
 * Log file in the system's temporary directory. Each command, and each job name of {@code run}, has
 * its own file, to which later runs append.
 */
public final class LogFile {
    /** System property from which {@code log4j2.properties} takes the path. */
    private static final String PROPERTY = "freshet.log";

    private LogFile() {}

    /**
     * Sets the path of the log file, before anything is logged. A path that is already set, by
     * {@code -Dfreshet.log}, is kept.
     *
     * @param directory directory of the log file
     * @param name name of the command, and of the job if it has one
     */
    public static void configure(Path directory, String name) {
        if (System.getProperty(PROPERTY) == null) {
            String file = "freshet-" + name.replaceAll("[^A-Za-z0-9._-]", "_") + ".log";
            System.setProperty(PROPERTY, directory.resolve(file).toString());
        }
        WriteErrorReporter reporter = new WriteErrorReporter();
        StatusLogger.getLogger().registerListener(reporter);
        try {
            Files.write(path(), new byte[0], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            reporter.report(Failures.reason(e));
        }
    }

    /** Returns the path of the log file. */
    public static Path path() {
        return Path.of(System.getProperty(PROPERTY, ""));
    }

    /** Listener that prints, once and in one line, that the log cannot be written. */
    private static final class WriteErrorReporter implements StatusListener {
        private final AtomicBoolean reported = new AtomicBoolean();

        void report(String reason) {
            if (reported.compareAndSet(false, true)) {
                System.err.println("freshet: the log " + path() + " cannot be written: " + reason);
            }
        }

        @Override
        public void log(StatusData data) {
            Throwable cause = data.getThrowable();
            report(
                    cause == null
                            ? data.getMessage().getFormattedMessage()
                            : Failures.reason(cause));
        }

        @Override
        public Level getStatusLevel() {
            return Level.ERROR;
        }

        @Override
        public void close() {}
    }
}
