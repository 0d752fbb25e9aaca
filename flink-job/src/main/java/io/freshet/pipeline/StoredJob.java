package io.freshet.pipeline;

import java.util.concurrent.Executor;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.PipelineOptionsInternal;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.runtime.jobmanager.HighAvailabilityMode;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Submission and newest checkpoint of a job, as far as an application cluster of Flink has stored
 * them for high availability.
 *
 * <p>Such a cluster runs the job's main method in the JobManager, and again after each failover.
 * Flink then continues from what it has stored, whatever checkpoint it was first told to restore.
 *
 * @param isRecovered whether Flink has stored the submitted job and continues it. It does not use
 *     what the main method submits now
 * @param checkpoint path of the newest checkpoint, which takes precedence over {@code
 *     execution.state-recovery.path}; null if there is none, or if the job is recovered
 */
record StoredJob(boolean isRecovered, @Nullable String checkpoint) {
    private static final StoredJob NONE = new StoredJob(false, null);
    private static final Logger LOG = LoggerFactory.getLogger(StoredJob.class);

    /** Value of {@code execution.target} in an application cluster: EmbeddedExecutor.NAME. */
    private static final String APPLICATION = "embedded";

    /** Listener that needs no events, since the store is read once. */
    private static final class NoListener implements ExecutionPlanStore.ExecutionPlanListener {
        @Override
        public void onAddedExecutionPlan(JobID job) {}

        @Override
        public void onRemovedExecutionPlan(JobID job) {}
    }

    /**
     * Reads what is stored. In other kinds of clusters, or without high availability, that is
     * nothing.
     *
     * @param flink configuration of the cluster
     * @throws PreflightException if the store cannot be read
     */
    static StoredJob find(Configuration flink) throws PreflightException, InterruptedException {
        String id = flink.get(PipelineOptionsInternal.PIPELINE_FIXED_JOB_ID);
        if (id == null
                || !APPLICATION.equals(flink.get(DeploymentOptions.TARGET))
                || !HighAvailabilityMode.isHighAvailabilityModeActivated(flink)) {
            return NONE;
        }
        try {
            return read(flink, JobID.fromHexString(id));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new PreflightException(
                    "what Flink has stored for high availability cannot be read: " + e, e);
        }
    }

    private static StoredJob read(Configuration flink, JobID job) throws Exception {
        Executor here = Runnable::run;
        HighAvailabilityServices services =
                HighAvailabilityServicesUtils.createAvailableOrEmbeddedServices(
                        flink, here, e -> LOG.error("Flink's high availability failed", e));
        try {
            return isStored(services, job)
                    ? new StoredJob(true, null)
                    : new StoredJob(false, newestCheckpoint(services, job, here));
        } finally {
            services.close();
        }
    }

    private static boolean isStored(HighAvailabilityServices services, JobID job) throws Exception {
        ExecutionPlanStore store = services.getExecutionPlanStore();
        store.start(new NoListener());
        try {
            return store.getJobIds().contains(job);
        } finally {
            store.stop();
        }
    }

    private static @Nullable String newestCheckpoint(
            HighAvailabilityServices services, JobID job, Executor executor) throws Exception {
        CompletedCheckpoint newest =
                services.getCheckpointRecoveryFactory()
                        .createRecoveredCompletedCheckpointStore(
                                job,
                                1,
                                SharedStateRegistry.DEFAULT_FACTORY,
                                executor,
                                RecoveryClaimMode.NO_CLAIM)
                        .getLatestCheckpoint();
        return newest == null ? null : newest.getExternalPointer();
    }
}
