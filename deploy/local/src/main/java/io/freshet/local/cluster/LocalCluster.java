package io.freshet.local.cluster;

import io.freshet.local.cli.Directories;
import io.freshet.local.cli.Failures;
import io.freshet.local.cli.UserException;
import io.freshet.model.device.Backend;
import io.freshet.pipeline.FreshetJob;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.KafkaFailure;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.util.ExceptionUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flink cluster in this process that runs one job: a JobManager with its web UI, and a TaskManager.
 *
 * <p>Checkpoints are written to a temporary directory, which is deleted when the cluster is closed,
 * unless the configuration names another.
 */
public final class LocalCluster implements AutoCloseable {
    /** Port number that stands for any free port. */
    public static final int ANY_PORT = 0;

    /** Time that {@link #close} waits for Flink to stop before it deletes Flink's files. */
    private static final Duration CLOSING = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(LocalCluster.class);

    private final KafkaConfig kafka;
    private final MiniCluster cluster;
    private final SourceOffsets sourceOffsets;
    private final Path directory;
    private final String savepoints;
    private final JobID jobId;

    private LocalCluster(
            KafkaConfig kafka,
            MiniCluster cluster,
            SourceOffsets sourceOffsets,
            Path directory,
            String savepoints,
            JobID jobId) {
        this.kafka = kafka;
        this.savepoints = savepoints;
        this.cluster = cluster;
        this.sourceOffsets = sourceOffsets;
        this.directory = directory;
        this.jobId = jobId;
    }

    /**
     * Begins to initialise ND4J in a thread of its own, so that the job need not wait for it. The
     * job calls the same method, and reports a failure.
     */
    public static void prepareBackend(JobConfig config) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                Backend.start(
                                        config.learn().device().preference(),
                                        config.learn().device().fallback());
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            } catch (IOException | RuntimeException | LinkageError e) {
                                LOG.debug("ND4J could not be initialised before the job", e);
                            }
                        },
                        "freshet-backend");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Starts Flink and a job that begins without state and leaves none behind.
     *
     * @param uiPort port of Flink's web UI, or {@link #ANY_PORT}
     */
    public static LocalCluster start(JobConfig config, int uiPort) throws Exception {
        return start(config, JobStart.first(config), null, uiPort);
    }

    /**
     * Starts Flink and the job.
     *
     * @param start how the job starts
     * @param state directory for checkpoints and savepoints, which stay; null to delete them at the
     *     end
     * @param uiPort port of Flink's web UI, or {@link #ANY_PORT}
     */
    public static LocalCluster start(
            JobConfig config, JobStart start, @Nullable StateDirectory state, int uiPort)
            throws Exception {
        return start(config, start, state, uiPort, new MiniClusterConfiguration.Builder());
    }

    /**
     * Starts Flink and a job whose JobManager can lose its leadership, for tests that inject
     * failures.
     */
    public static LocalCluster startWithLeadershipControl(
            JobConfig config, JobStart start, StateDirectory state) throws Exception {
        return start(
                config,
                start,
                state,
                ANY_PORT,
                new MiniClusterConfiguration.Builder()
                        .setHaServices(MiniCluster.HaServices.WITH_LEADERSHIP_CONTROL));
    }

    private static LocalCluster start(
            JobConfig config,
            JobStart start,
            @Nullable StateDirectory state,
            int uiPort,
            MiniClusterConfiguration.Builder builder)
            throws Exception {
        Configuration flink = LocalFlinkConfiguration.of(config.flink(), uiPort);
        Path directory = Directories.createTemporary("freshet-flink-");
        if (state != null) {
            LocalFlinkConfiguration.keepStateIn(state, flink);
        }
        LocalFlinkConfiguration.keepFilesIn(directory, flink);
        JobCheckpoint checkpoint = start.checkpoint();
        if (checkpoint != null) {
            LocalFlinkConfiguration.restore(checkpoint, flink);
        }
        Path savepoints = state == null ? directory.resolve("savepoints") : state.savepoints();
        SourceOffsets sourceOffsets = SourceOffsets.register(flink);
        MiniCluster cluster =
                new MiniCluster(
                        builder.setConfiguration(flink)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(config.parallelism())
                                .build());
        try {
            cluster.start();
            StreamExecutionEnvironment env =
                    StreamExecutionEnvironment.getExecutionEnvironment(flink);
            FreshetJob.assemble(env, config, start);
            StreamGraph graph = env.getStreamGraph();
            graph.setJobName(config.jobName());
            JobID jobId = cluster.submitJob(graph).get().getJobID();
            return new LocalCluster(
                    config.kafka(),
                    cluster,
                    sourceOffsets,
                    directory,
                    savepoints.toUri().toString(),
                    jobId);
        } catch (Exception e) {
            try {
                stop(cluster);
                Directories.delete(directory);
            } catch (IOException unstopped) {
                e.addSuppressed(unstopped);
            }
            if (ExceptionUtils.findThrowable(e, BindException.class).isPresent()) {
                throw new UserException(
                        "port " + uiPort + " for Flink's web UI is already in use (--ui-port)", e);
            }
            throw e;
        }
    }

    /** Returns the address of Flink's web UI. */
    public URI webPage() {
        return cluster.getRestAddress().join();
    }

    /** Returns the offsets up to which the source has read. */
    public SourceOffsets sourceOffsets() {
        return sourceOffsets;
    }

    /** Returns the cluster itself, for tests that inject failures. */
    public MiniCluster cluster() {
        return cluster;
    }

    /** Returns the job's execution as Flink reports it now. */
    public JobExecution execution() throws Exception {
        return new JobExecution(cluster.getExecutionGraph(jobId).get());
    }

    /** Waits until every task of the job runs; returns at once if the job has ended. */
    public void awaitRunning() throws Exception {
        while (!status().isGloballyTerminalState() && !execution().isEveryTaskRunning()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** Returns the job's status. */
    public JobStatus status() throws Exception {
        return cluster.getJobStatus(jobId).get();
    }

    /**
     * Stops the job with a savepoint. The job first processes all events that it has read: it
     * trains on incomplete mini-batches too, and publishes all results.
     */
    public void stopWithDrain() throws Exception {
        awaitRunning(); // Flink refuses a savepoint of a job that is restarting
        cluster.stopWithSavepoint(jobId, savepoints, true, SavepointFormatType.CANONICAL).get();
        result();
    }

    /**
     * Stops the job with a savepoint from which it can continue, and waits until it has ended.
     *
     * @return path of the savepoint
     * @throws TimeoutException if this takes longer than {@code timeout}
     * @throws ExecutionException if a task is not running, or the savepoint cannot be written
     */
    public String stopWithSavepoint(Duration timeout) throws Exception {
        String savepoint =
                cluster.stopWithSavepoint(jobId, savepoints, false, SavepointFormatType.CANONICAL)
                        .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        result();
        return savepoint;
    }

    /**
     * Waits until the job has ended.
     *
     * @throws JobExecutionException if it failed
     */
    public void result() throws Exception {
        JobResult result = cluster.requestJobResult(jobId).get();
        result.toJobExecutionResult(LocalCluster.class.getClassLoader());
    }

    /** Returns why the job failed, in one line, or "" if it has not failed. */
    public String failure() throws InterruptedException {
        try {
            cluster.requestJobResult(jobId)
                    .get(5, TimeUnit.SECONDS)
                    .toJobExecutionResult(LocalCluster.class.getClassLoader());
            return "";
        } catch (TimeoutException e) {
            return "";
        } catch (ExecutionException
                | CompletionException
                | JobExecutionException
                | ClassNotFoundException
                | IOException e) {
            return reason(e);
        }
    }

    /**
     * Returns the reason of a failure of the job, in one line; if Kafka has refused the job, it
     * names the user.
     */
    String reason(Throwable failure) {
        return KafkaFailure.withUser(Failures.reason(failure), Failures.chain(failure), kafka);
    }

    /**
     * Returns whether Flink runs; it stops by itself only after a failure that it cannot handle.
     */
    boolean isRunning() {
        return cluster.isRunning();
    }

    /** Returns the number of registered TaskManagers; the job needs one. */
    int taskManagers() throws Exception {
        return cluster.requestClusterOverview().get().getNumTaskManagersConnected();
    }

    /** Starts a TaskManager to replace one that has ended. */
    void startTaskManager() throws Exception {
        cluster.startTaskManager();
    }

    /** Stops Flink, whatever the job's status, and deletes its files. */
    @Override
    public void close() throws IOException {
        try {
            stop(cluster);
        } finally {
            Directories.delete(directory);
        }
    }

    private static void stop(MiniCluster cluster) throws IOException {
        try {
            cluster.closeAsync().get(CLOSING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("Flink has not stopped within {} s", CLOSING.toSeconds(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.warn("interrupted while Flink stopped", e);
        } catch (ExecutionException e) {
            if (ExceptionUtils.findThrowable(e, TimeoutException.class).isEmpty()) {
                throw new IOException("Flink could not be stopped", e);
            }
            LOG.warn("Flink has stopped; the result of a REST request was never fetched", e);
        }
    }
}
