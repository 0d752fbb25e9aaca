package io.freshet.local.cluster;

import io.freshet.config.ConfigurationException;
import io.freshet.pipeline.JobCheckpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ClusterOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;

/**
 * Configuration of Flink in this process, in which other machines cannot reach Flink and web pages
 * cannot change anything.
 *
 * <p>All ports are bound to the loopback interface, unless {@code jobmanager.bind-host} or {@code
 * taskmanager.bind-host} names another address. The REST endpoint has no authentication, so
 * settings that would open it further are refused.
 */
final class LocalFlinkConfiguration {
    private static final String LOOPBACK = "localhost";

    /** Time that Flink keeps the results of savepoints; closing the cluster can take as long. */
    private static final Duration RESULTS_OF_REQUESTS = Duration.ofSeconds(10);

    /** Maximum delay between restarts. */
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(10);

    private static final MemorySize MANAGED_MEMORY = MemorySize.ofMebiBytes(128);

    private LocalFlinkConfiguration() {}

    /**
     * Returns a user's configuration, completed and restricted.
     *
     * @param settings settings with Flink's own keys
     * @param uiPort port of Flink's web UI, or {@link LocalCluster#ANY_PORT}
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
        // Flink always sends this header; FlinkRequestGuard removes it.
        close(flink, WebOptions.ACCESS_CONTROL_ALLOW_ORIGIN, "", problems);
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        flink.set(RestOptions.BIND_PORT, Integer.toString(uiPort));
        flink.set(RestOptions.ADDRESS, LOOPBACK);
        setUnlessGiven(flink, JobManagerOptions.BIND_HOST, LOOPBACK);
        setUnlessGiven(flink, TaskManagerOptions.BIND_HOST, LOOPBACK);
        flink.set(RestOptions.ASYNC_OPERATION_STORE_DURATION, RESULTS_OF_REQUESTS);
        flink.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
        setUnlessGiven(
                flink,
                RestartStrategyOptions.RESTART_STRATEGY,
                RestartStrategyOptions.RestartStrategyType.EXPONENTIAL_DELAY.getMainValue());
        setUnlessGiven(
                flink,
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
                MAX_BACKOFF);
        setUnlessGiven(flink, TaskManagerOptions.MANAGED_MEMORY_SIZE, MANAGED_MEMORY);
        setUnlessGiven(
                flink, CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, StateDirectory.RETAINED);
        return flink;
    }

    /**
     * Makes Flink write its temporary files to a directory, and its checkpoints too unless the
     * configuration names a directory for them.
     */
    static void keepFilesIn(Path directory, Configuration flink) {
        flink.set(CoreOptions.TMP_DIRS, directory.resolve("tmp").toString());
        flink.set(ClusterOptions.PROCESS_WORKING_DIR_BASE, directory.resolve("work").toString());
        flink.set(WebOptions.TMP_DIR, directory.resolve("web").toString());
        if (!flink.contains(CheckpointingOptions.CHECKPOINTS_DIRECTORY)) {
            flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            flink.set(
                    CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                    directory.resolve("checkpoints").toUri().toString());
        }
    }

    /**
     * Makes Flink keep checkpoints in a state directory after the process ends.
     *
     * @throws ConfigurationException if the configuration names another directory
     */
    static void keepStateIn(StateDirectory state, Configuration flink) {
        Optional<String> given = flink.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY);
        if (given.isPresent()) {
            throw new ConfigurationException(
                    List.of(
                            "flink."
                                    + CheckpointingOptions.CHECKPOINTS_DIRECTORY.key()
                                    + " = "
                                    + given.get()
                                    + ": must be left out; --state names the directory of the"
                                    + " job's state"));
        }
        flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        flink.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY, state.checkpoints().toUri().toString());
    }

    /**
     * Makes the job continue from a checkpoint, which stays as it is: Flink would delete one that
     * it claims, and then there would be no older one to go back to.
     */
    static void restore(JobCheckpoint checkpoint, Configuration flink) {
        flink.set(StateRecoveryOptions.SAVEPOINT_PATH, checkpoint.path());
        flink.set(StateRecoveryOptions.RESTORE_MODE, RecoveryClaimMode.NO_CLAIM);
    }

    private static <T> void setUnlessGiven(Configuration flink, ConfigOption<T> option, T value) {
        if (!flink.contains(option)) {
            flink.set(option, value);
        }
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
                            + ": must be left out; Flink's REST endpoint has no authentication"
                            + " here");
        }
        flink.set(option, closed);
    }
}
