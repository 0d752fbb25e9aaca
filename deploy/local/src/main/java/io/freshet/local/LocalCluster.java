package io.freshet.local;

import io.freshet.pipeline.FreshetJob;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;

/**
 * Flink in this process, with its web page: one JobManager, one TaskManager, and the job.
 *
 * <p>Checkpoints go to a temporary directory that goes with it.
 */
public final class LocalCluster implements AutoCloseable {
    /** Any free port. */
    public static final int ANY_PORT = 0;

    private final MiniCluster cluster;
    private final SourceOffsets sourceOffsets;
    private final Path directory;
    private final JobID jobId;

    private LocalCluster(
            MiniCluster cluster, SourceOffsets sourceOffsets, Path directory, JobID jobId) {
        this.cluster = cluster;
        this.sourceOffsets = sourceOffsets;
        this.directory = directory;
        this.jobId = jobId;
    }

    /**
     * Starts Flink and the job.
     *
     * @param uiPort port of Flink's web page, or {@link #ANY_PORT}
     */
    public static LocalCluster start(JobConfig config, int uiPort) throws Exception {
        Configuration flink = LocalFlinkConfiguration.of(config.flink(), uiPort);
        Path directory = Files.createTempDirectory("freshet-flink-");
        if (!flink.contains(CheckpointingOptions.CHECKPOINTS_DIRECTORY)) {
            flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            flink.set(
                    CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                    directory.resolve("checkpoints").toUri().toString());
        }
        if (!flink.contains(TaskManagerOptions.MANAGED_MEMORY_SIZE)) {
            flink.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(128));
        }
        SourceOffsets sourceOffsets = SourceOffsets.register(flink);
        MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(flink)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(config.parallelism())
                                .build());
        try {
            cluster.start();
            StreamExecutionEnvironment env =
                    StreamExecutionEnvironment.getExecutionEnvironment(flink);
            FreshetJob.assemble(env, config);
            JobID jobId = cluster.submitJob(env.getStreamGraph()).get().getJobID();
            return new LocalCluster(cluster, sourceOffsets, directory, jobId);
        } catch (Exception e) {
            cluster.close();
            Directories.delete(directory);
            if (ExceptionUtils.findThrowable(e, BindException.class).isPresent()) {
                throw new UserException(
                        "port " + uiPort + " for Flink's web page is taken (--ui-port)", e);
            }
            throw e;
        }
    }

    /** Where Flink's web page is. */
    public URI webPage() {
        return cluster.getRestAddress().join();
    }

    /** How far the source has read. */
    SourceOffsets sourceOffsets() {
        return sourceOffsets;
    }

    /** The cluster itself, for tests that break it. */
    public MiniCluster cluster() {
        return cluster;
    }

    /** Waits until every task of the job runs; returns at once if the job has ended. */
    public void awaitRunning() throws Exception {
        while (!status().isGloballyTerminalState()) {
            // While the job is still being set up, there are no tasks to see yet.
            boolean running = false;
            for (AccessExecutionVertex task :
                    cluster.getExecutionGraph(jobId).get().getAllExecutionVertices()) {
                running = task.getExecutionState() == ExecutionState.RUNNING;
                if (!running) {
                    break;
                }
            }
            if (running) {
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** How often a task of the job was started again. */
    public int restarts() throws Exception {
        int restarts = 0;
        for (AccessExecutionVertex task :
                cluster.getExecutionGraph(jobId).get().getAllExecutionVertices()) {
            restarts = Math.max(restarts, task.getCurrentExecutionAttempt().getAttemptNumber());
        }
        return restarts;
    }

    /** What the job is doing. */
    public JobStatus status() throws Exception {
        return cluster.getJobStatus(jobId).get();
    }

    /** Ends the job at the end of what it has read: everything open is closed and published. */
    public void stopWithDrain() throws Exception {
        awaitRunning();
        String savepoints = directory.resolve("savepoints").toUri().toString();
        cluster.stopWithSavepoint(jobId, savepoints, true, SavepointFormatType.CANONICAL).get();
        result();
    }

    /**
     * Waits for the job's end.
     *
     * @throws JobExecutionException if it failed
     */
    public void result() throws Exception {
        JobResult result = cluster.requestJobResult(jobId).get();
        result.toJobExecutionResult(LocalCluster.class.getClassLoader());
    }

    /** Why the job failed, in one line, or "" while it has not. */
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
            Throwable inner = e;
            while (inner.getCause() != null) {
                inner = inner.getCause();
            }
            return String.valueOf(inner.getMessage()).lines().findFirst().orElse("");
        }
    }

    /** Stops Flink, whatever the job does, and removes its files. */
    @Override
    public void close() throws IOException {
        try {
            cluster.close();
        } catch (Exception e) {
            throw new IOException("Flink could not be stopped", e);
        } finally {
            Directories.delete(directory);
        }
    }
}
