package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.common.Cluster;
import org.junit.jupiter.api.Test;

class LeaseAssignorTest {
    private static final Cluster CLUSTER =
            new Cluster("id", List.of(), List.of(), Set.of(), Set.of());

    private final List<String> lost = new ArrayList<>();
    private final Map<String, LeaseAssignor> members = new TreeMap<>();

    /** A member whose job has the same name. */
    private void join(String memberId) {
        join(memberId, memberId);
    }

    private void join(String memberId, String submission) {
        LeaseAssignor assignor = new LeaseAssignor();
        assignor.configure(
                Map.of(
                        LeaseAssignor.CLAIM,
                        new LeaseAssignor.Claim(submission, () -> lost.add(memberId))));
        members.put(memberId, assignor);
    }

    /** One generation of the group, with the members that are in it. */
    private void rebalance(String... memberIds) {
        Map<String, Subscription> subscriptions = new TreeMap<>();
        for (String memberId : memberIds) {
            subscriptions.put(
                    memberId,
                    new Subscription(
                            List.of("t"), members.get(memberId).subscriptionUserData(Set.of("t"))));
        }
        Map<String, Assignment> assignments =
                members.get(memberIds[0])
                        .assign(CLUSTER, new GroupSubscription(subscriptions))
                        .groupAssignment();
        assertThat(assignments.values()).allMatch(each -> each.partitions().isEmpty());
        for (String memberId : memberIds) {
            members.get(memberId).receive(assignments.get(memberId));
        }
    }

    @Test
    void memberThatJoins_doesNotTakeTheLeaseFromItsHolder() {
        join("b");
        rebalance("b");
        join("a");
        rebalance("a", "b");

        assertThat(lost).containsExactly("a");
    }

    @Test
    void ofTwoThatJoinTogether_oneGetsTheLease() {
        join("a");
        join("b");
        rebalance("b", "a");

        assertThat(lost).containsExactly("b");
    }

    @Test
    void memberThatReturns_doesNotGetTheLeaseBack_fromTheOneThatTookItMeanwhile() {
        join("paused");
        rebalance("paused");
        long taken = System.currentTimeMillis();
        while (System.currentTimeMillis() == taken) {
            Thread.onSpinWait();
        }
        join("successor");
        rebalance("successor");
        rebalance("paused", "successor");

        assertThat(lost).containsExactly("paused");
    }

    @Test
    void sameJobAfterAFailover_andItsPredecessor_loseNothingToEachOther() {
        join("predecessor", "job");
        rebalance("predecessor");
        join("successor", "job");
        rebalance("predecessor", "successor");
        rebalance("successor");
        rebalance("predecessor", "successor");

        assertThat(lost).isEmpty();
    }

    @Test
    void anotherJob_losesToTheSameJobAfterAFailover() {
        join("predecessor", "job");
        rebalance("predecessor");
        join("successor", "job");
        rebalance("predecessor", "successor");
        join("a", "another");
        rebalance("successor", "a");

        assertThat(lost).containsExactly("a");
    }

    @Test
    void holderAlone_keepsTheLease() {
        join("a");
        rebalance("a");
        rebalance("a");

        assertThat(lost).isEmpty();
    }
}
