package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.junit.jupiter.api.Test;

/** Integration test of the lease with several members on a real broker. */
class JobLeaseITCase {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** As after a failover of the JobManager whose former leader was paused. */
    @Test
    void sameJob_isAMemberTwice_withoutLosingTheLease_andAnotherJobLosesIt() throws Exception {
        Queue<String> lost = new ConcurrentLinkedQueue<>();
        try (EmbeddedKafka broker = EmbeddedKafka.start()) {
            JobConfig config =
                    JobConfig.parse(
                            Map.of(
                                    "kafka.bootstrap.servers",
                                    broker.bootstrapServers(),
                                    "num-features",
                                    "2",
                                    "classes",
                                    "2"));
            KafkaConfig kafka = config.kafka();
            Topics.create(config.topics(), 1);
            List<JobLease> leases = new ArrayList<>();
            try (Admin admin = KafkaAdmin.create(kafka)) {
                leases.add(JobLease.take(kafka, "freshet", "job", () -> lost.add("former")));
                awaitMembers(admin, kafka, 1);
                leases.add(JobLease.take(kafka, "freshet", "job", () -> lost.add("leader")));
                awaitMembers(admin, kafka, 2);
                leases.add(JobLease.take(kafka, "freshet", "another", () -> lost.add("another")));
                awaitLoss(lost);
                awaitMembers(admin, kafka, 2);
                leases.get(0).close();
                awaitMembers(admin, kafka, 1);
            } finally {
                leases.forEach(JobLease::close);
            }
        }
        assertThat(lost).containsExactly("another");
    }

    /** Waits until the group has a number of members, each with an assignment of its own. */
    private static void awaitMembers(Admin admin, KafkaConfig kafka, int count) throws Exception {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        String group = JobLease.group(kafka);
        while (members(admin, group) != count) {
            assertThat(System.nanoTime()).as("members of " + group).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    private static long members(Admin admin, String group) throws Exception {
        try {
            var description =
                    admin.describeConsumerGroups(List.of(group)).all().get().values().iterator();
            var found = description.next();
            return found.groupState() == GroupState.STABLE ? found.members().size() : -1;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return 0;
            }
            throw e;
        }
    }

    private static void awaitLoss(Queue<String> lost) {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (lost.isEmpty()) {
            assertThat(System.nanoTime()).as("a lost lease").isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }
}
