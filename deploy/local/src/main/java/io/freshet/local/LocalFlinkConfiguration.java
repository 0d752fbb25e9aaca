package io.freshet.local;

import io.freshet.config.ConfigurationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;

/**
 * Configuration of a Flink in this process that other machines do not reach and web pages cannot
 * write to.
 *
 * <p>Everything listens on the loopback interface. {@code jobmanager.bind-host} and {@code
 * taskmanager.bind-host} may name another. The REST endpoint has no password, so nothing opens it
 * further: a setting that would is refused.
 */
final class LocalFlinkConfiguration {
    private static final String LOOPBACK = "localhost";

    private LocalFlinkConfiguration() {}

    /**
     * Completes a user's configuration.
     *
     * @param settings Flink's own keys
     * @param uiPort port of Flink's web page, or {@link LocalCluster#ANY_PORT}
     * @throws ConfigurationException if a setting would open the REST endpoint
     */
    static Configuration of(Map<String, String> settings, int uiPort) {
        Configuration flink = Configuration.fromMap(settings);
        List<String> problems = new ArrayList<>();
        close(flink, RestOptions.BIND_ADDRESS, LOOPBACK, problems);
        close(flink, RestOptions.ENABLE_PROFILER, false, problems);
        close(flink, WebOptions.SUBMIT_ENABLE, false, problems);
        close(flink, WebOptions.CANCEL_ENABLE, false, problems);
        close(flink, WebOptions.RESCALE_ENABLE, false, problems);
        // Flink always sends this header; the guard before its REST endpoint takes it off.
        close(flink, WebOptions.ACCESS_CONTROL_ALLOW_ORIGIN, "", problems);
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        flink.set(RestOptions.BIND_PORT, Integer.toString(uiPort));
        flink.set(RestOptions.ADDRESS, LOOPBACK);
        if (!flink.contains(JobManagerOptions.BIND_HOST)) {
            flink.set(JobManagerOptions.BIND_HOST, LOOPBACK);
        }
        if (!flink.contains(TaskManagerOptions.BIND_HOST)) {
            flink.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
        }
        return flink;
    }

    private static <T> void close(
            Configuration flink, ConfigOption<T> option, T closed, List<String> problems) {
        Optional<T> given = flink.getOptional(option);
        if (given.isPresent() && !given.get().equals(closed)) {
            problems.add(
                    "flink."
                            + option.key()
                            + " = "
                            + given.get()
                            + ": must be left out; Flink's page here asks nobody for a password");
        }
        flink.set(option, closed);
    }
}
