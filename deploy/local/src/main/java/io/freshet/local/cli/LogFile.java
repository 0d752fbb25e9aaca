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
 * The file that a command logs to, in the system's temporary directory: one for each command and
 * job, appended to by later runs.
 */
public final class LogFile {
    /** The property in which {@code log4j2.properties} finds the file. */
    private static final String PROPERTY = "freshet.log";

    private LogFile() {}

    /**
     * Names the file, before anything logs. One that is named on the command line of the virtual
     * machine stays.
     *
     * @param directory to log to
     * @param name of the command and the job
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

    /** Where it is. */
    public static Path path() {
        return Path.of(System.getProperty(PROPERTY, ""));
    }

    /** Says once, in one line, that the log cannot be written. */
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
