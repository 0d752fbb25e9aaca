package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.audit.Verdict;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.highavailability.HighAvailabilityServicesUtils;
import org.apache.flink.runtime.jobmanager.ExecutionPlanStore;
import org.apache.flink.util.IOUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Integration test of the job in an application cluster with high availability, whose JobManager is
 * killed: Flink runs the job's main method again.
 */
@Tag("faults")
class ApplicationClusterITCase {
    private static final int EVENTS = 500;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern JOB = Pattern.compile("Job ([0-9a-f]{32}) is submitted");

    @TempDir private Path directory;

    private EmbeddedKafka kafka;
    private JobConfig config;
    private List<String> arguments;
    private Map<String, String> flink;
    private FlinkProcesses processes;
    private JavaProcess zooKeeper;
    private JavaProcess taskManager;
    private JavaProcess jobManager;

    @BeforeEach
    void start() throws Exception {
        kafka = EmbeddedKafka.start();
        Map<String, String> settings = JobOnKafka.settings(kafka, "application", 3, "3");
        config = JobConfig.parse(settings);
        Topics.create(config.topics(), 2);
        arguments = new ArrayList<>();
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        int port = EmbeddedKafka.freePorts()[0];
        flink = new TreeMap<>(FlinkProcesses.highAvailability(directory, port));
        flink.putAll(SessionClusterITCase.SMALL);
        flink.put("execution.checkpointing.dir", directory.resolve("checkpoints").toUri() + "");
        processes = FlinkProcesses.prepare(directory, flink);
        zooKeeper = processes.zooKeeper(port);
        taskManager = processes.taskManager("taskmanager", Map.of());
        jobManager = processes.applicationManager("jobmanager", arguments);
    }

    @AfterEach
    void stop() throws Exception {
        IOUtils.closeAll(Arrays.asList(jobManager, taskManager, zooKeeper, kafka));
    }

    @Test
    void killedJobManager_continuesTheJobAsItWasSubmitted() throws Exception {
        sendAndAwait(1);

        jobManager.close();
        jobManager = processes.applicationManager("jobmanager-2", arguments);

        jobManager.awaitOutput("Flink has the job already, and continues it as it was submitted");
        sendAndAwait(2);
    }

    /** An upgrade of Flink's Kubernetes operator in the mode last-state replaces all processes. */
    @Test
    void newSubmission_continuesFromTheNewestCheckpoint_ifOnlyThatIsStored() throws Exception {
        sendAndAwait(1);
        JobID job = JobID.fromHexString(jobManager.awaitOutput(JOB));

        jobManager.close();
        taskManager.close();
        forgetSubmission(job);
        taskManager = processes.taskManager("taskmanager-2", Map.of());
        jobManager = processes.applicationManager("jobmanager-2", arguments);

        jobManager.awaitOutput("the job continues from checkpoint");
        sendAndAwait(2);

        jobManager.close();
        forgetSubmission(job);
        arguments.add("--begin-again");
        jobManager = processes.applicationManager("jobmanager-3", arguments);

        jobManager.awaitOutput("Remove --begin-again and --roll-back");
    }

    /** Sends events, and waits until the audit proves that all that were sent are trained on. */
    private void sendAndAwait(int part) {
        JobOnKafka.send(
                config,
                JobOnKafka.events(part, EVENTS, 3, 3, "one", "two").stream()
                        .map(JobOnKafka::bytes)
                        .toList());
        JobOnKafka.awaitMetrics(config);
        JobOnKafka.await(
                "the audit of part " + part,
                () -> {
                    AuditReport audit = audit();
                    return audit.verdict() == Verdict.PROVEN
                            && audit.unread() == 0
                            && audit.pending() == 0;
                });
    }

    private AuditReport audit() {
        return JobAudit.run(
                config.topics(),
                new AuditRequest(config.jobName(), null, null, null, PATIENCE, false, false, true));
    }

    /** Removes the submitted job from the store of high availability, but not its checkpoints. */
    private void forgetSubmission(JobID job) throws Exception {
        HighAvailabilityServices services =
                HighAvailabilityServicesUtils.createAvailableOrEmbeddedServices(
                        Configuration.fromMap(flink),
                        Runnable::run,
                        e -> {
                            throw new AssertionError(e);
                        });
        ExecutionPlanStore store = services.getExecutionPlanStore();
        store.start(new NoListener());
        assertThat(store.getJobIds()).containsExactly(job);
        JobOnKafka.await(
                "the lock of the killed JobManager to expire",
                () -> !store.globalCleanupAsync(job, Runnable::run).isCompletedExceptionally());
        services.close();
    }

    private static final class NoListener implements ExecutionPlanStore.ExecutionPlanListener {
        @Override
        public void onAddedExecutionPlan(JobID job) {}

        @Override
        public void onRemovedExecutionPlan(JobID job) {}
    }
}
