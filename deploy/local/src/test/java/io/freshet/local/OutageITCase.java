package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.TopicAudit;
import io.freshet.publish.Topic;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Integration test that {@code freshet run} recovers from outages, limits and revoked permissions
 * of its Kafka without losing or duplicating events. {@code src/test/outages} does the same with
 * long outages.
 */
class OutageITCase {
    /**
     * Timeouts so short that a brief outage exceeds them, as an outage of two minutes exceeds
     * Kafka's default timeouts.
     */
    private static final Map<String, String> SHORT_TIMEOUTS =
            Map.of(
                    "kafka.max.block.ms", "2000",
                    "kafka.request.timeout.ms", "1000",
                    "kafka.delivery.timeout.ms", "2500",
                    "kafka.default.api.timeout.ms", "2500",
                    "flink.restart-strategy.exponential-delay.initial-backoff", "200 ms",
                    "flink.restart-strategy.exponential-delay.max-backoff", "1 s");

    @TempDir private Path directory;

    @Test
    void brokerAwayForLongerThanEveryTimeout_losesNothing_andIsReported() throws Exception {
        try (RunningJob job = RunningJob.start(directory, SHORT_TIMEOUTS)) {
            job.secondsToTheNextMetrics();

            job.broker().kill();
            job.process().awaitOutput("the job restarts: ");
            job.process().awaitOutput("TimeoutException");
            job.broker().restart();

            job.process().awaitOutput("the job is running again after ");
            job.secondsToTheNextMetrics();
            TopicAudit audit = job.finish();
            assertThat(audit.accepted().count()).isPositive();
            assertThat(audit.deadLetters().count()).isPositive();
            assertThat(job.process().output()).doesNotContain("TaskManager");
            assertThat(job.process().output() + job.log())
                    .contains("the job restarts")
                    .doesNotContain(SecuredBroker.CANARY)
                    .doesNotContain("data loss")
                    .doesNotContain("Name collision");
            assertThat(job.log().lines().filter(line -> line.contains("NetworkClient")).count())
                    .isLessThan(60);

            // The command can also end during an outage.
            job.broker().kill();
            long before = restarts(job);
            JobOnKafka.await("the next restart", () -> restarts(job) > before);
            job.process().signal("TERM");
            assertThat(job.process().awaitExit()).isEqualTo(143);
        }
    }

    private static long restarts(RunningJob job) {
        return job.process()
                .output()
                .lines()
                .filter(line -> line.startsWith("the job restarts"))
                .count();
    }

    @Test
    void revokedLimitAndPermission_areRecoveredFrom() throws Exception {
        try (RunningJob job = RunningJob.start(directory, SHORT_TIMEOUTS);
                Admin admin = job.broker().admin()) {
            job.secondsToTheNextMetrics();
            String topic = job.config().publish().topic(Topic.METRICS);

            setLargestMessage(admin, topic, AlterConfigOp.OpType.SET);
            job.process().awaitOutput("RecordTooLargeException");
            setLargestMessage(admin, topic, AlterConfigOp.OpType.DELETE);
            job.process().awaitOutput("the job is running again after ");
            job.secondsToTheNextMetrics();

            AclBinding permission =
                    SecuredBroker.permission(ResourceType.TOPIC, topic, AclOperation.WRITE);
            admin.deleteAcls(List.of(permission.toFilter())).all().get();
            job.process().awaitOutput("TopicAuthorizationException");
            admin.createAcls(List.of(permission)).all().get();
            job.secondsToTheNextMetrics();

            AclBinding lease =
                    SecuredBroker.permission(
                            ResourceType.GROUP,
                            job.config().kafka().transactionalIdPrefix() + "-lease",
                            AclOperation.READ);
            long restarts = restarts(job);
            admin.deleteAcls(List.of(lease.toFilter())).all().get();
            JobOnKafka.await(
                    "the warning", () -> job.log().contains("The lease of the job could not be"));
            job.secondsToTheNextMetrics();
            assertThat(restarts(job)).isEqualTo(restarts);
            admin.createAcls(List.of(lease)).all().get();

            job.finish();
            assertThat(job.process().output()).doesNotContain("TaskManager");
        }
    }

    private static void setLargestMessage(Admin admin, String topic, AlterConfigOp.OpType how)
            throws Exception {
        ConfigEntry entry = new ConfigEntry(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "300");
        admin.incrementalAlterConfigs(
                        Map.of(
                                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                                List.of(new AlterConfigOp(entry, how))))
                .all()
                .get();
    }
}
