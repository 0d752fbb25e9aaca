package io.freshet.pipeline;

import java.util.Optional;
import java.util.concurrent.Executor;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.PipelineOptionsInternal;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;
import org.apache.flink.runtime.jobmanager.HighAvailabilityMode;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reader of what a Flink cluster has stored about a job for high availability: that it has been
 * submitted or has ended, and its newest checkpoint.
 *
 * <p>In application mode the JobManager runs the job's main method, and again after each failover.
 * Flink then continues from what it has stored, whatever the main method submits. This holds for
 * every job whose id is known before it is submitted; for other jobs nothing is stored. Without
 * high availability there is nothing either.
 */
final class StoredJob {
    private static final Logger LOG = LoggerFactory.getLogger(StoredJob.class);

    /** Value of {@code execution.target} if the JobManager runs the main method. */
    private static final String IN_JOB_MANAGER = "embedded";

    private static final Executor HERE = Runnable::run;

    private interface Reading<T> {
        T from(HighAvailabilityServices services, JobID job) throws Exception;
    }

    private StoredJob() {}

    /**
     * Returns whether Flink has the job already. Then it continues the job as it was submitted, or
     * the job has ended, and what the main method submits is not used.
     *
     * @param cluster configuration of the cluster
     * @throws PreflightException if the store cannot be read
     */
    static boolean exists(Configuration cluster) throws PreflightException, InterruptedException {
        return read(
                cluster,
                false,
                (services, job) ->
                        services.getExecutionPlanStore().getJobIds().contains(job)
                                || services.getJobResultStore().hasJobResultEntryAsync(job).get());
    }

    /**
     * Returns the path of the newest checkpoint, from which Flink continues instead of from {@code
     * execution.state-recovery.path}; empty if none is stored. On Kubernetes this creates the job's
     * ConfigMap of checkpoints if there is none.
     *
     * @param cluster configuration of the cluster
     * @throws PreflightException if the store cannot be read
     */
    static Optional<String> newestCheckpoint(Configuration cluster)
            throws PreflightException, InterruptedException {
        return read(cluster, Optional.empty(), StoredJob::newestCheckpoint);
    }

    private static Optional<String> newestCheckpoint(HighAvailabilityServices services, JobID job)
            throws Exception {
        CompletedCheckpoint newest =
                services.getCheckpointRecoveryFactory()
                        .createRecoveredCompletedCheckpointStore(
                                job,
                                1,
                                SharedStateRegistry.DEFAULT_FACTORY,
                                HERE,
                                RecoveryClaimMode.NO_CLAIM)
                        .getLatestCheckpoint();
        return Optional.ofNullable(newest).map(CompletedCheckpoint::getExternalPointer);
    }

    private static <T> T read(Configuration cluster, T nothing, Reading<T> reading)
            throws PreflightException, InterruptedException {
        String id = cluster.get(PipelineOptionsInternal.PIPELINE_FIXED_JOB_ID);
        if (id == null
                || !IN_JOB_MANAGER.equals(cluster.get(DeploymentOptions.TARGET))
                || !HighAvailabilityMode.isHighAvailabilityModeActivated(cluster)) {
            return nothing;
        }
        try {
            HighAvailabilityServices services =
                    HighAvailabilityServicesUtils.createAvailableOrEmbeddedServices(
                            cluster, HERE, e -> LOG.error("Flink's high availability failed", e));
            try {
                return reading.from(services, JobID.fromHexString(id));
            } finally {
                services.close();
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new PreflightException(
                    "what Flink has stored for high availability cannot be read: " + e, e);
        }
    }
}
