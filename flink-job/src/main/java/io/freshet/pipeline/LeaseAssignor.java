package io.freshet.pipeline;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Configurable;
import org.jspecify.annotations.Nullable;

/**
 * Assignor of a consumer group that assigns no partition to anybody, but the lease of a {@link
 * JobLease} to one of its members.
 *
 * <p>The lease stays with the member that took it last; if none has it yet, the member with the
 * smallest id gets it. So a job that joins does not take the lease from the one that has it, and a
 * job that was paused until another took its place does not get it back. Each member learns who has
 * it. If that is another member of the same job, from before or after a failover of the JobManager,
 * both have it; Flink closes the one that does not lead.
 *
 * <p>Public, as Kafka's client creates it.
 */
public final class LeaseAssignor implements ConsumerPartitionAssignor, Configurable {
    /** Property with the {@link Claim} of the member. */
    static final String CLAIM = "freshet.lease.claim";

    private @Nullable Claim claim;

    /** A member's claim to the lease, which outlives its consumer. */
    static final class Claim {
        private static final long NEVER = 0;

        private static final String SEPARATOR = "/";

        private final String submission;
        private final String id;
        private final Runnable onLost;
        private long takenAt = NEVER;
        private volatile boolean member;
        private volatile boolean lost;

        /**
         * @param submission id of the job's submission, the same after a failover
         * @param onLost called once if another job has the lease
         */
        Claim(String submission, Runnable onLost) {
            this.submission = submission;
            this.onLost = onLost;
            id = UUID.randomUUID() + SEPARATOR + submission;
        }

        /** Returns whether another job has the lease. */
        boolean isLost() {
            return lost;
        }

        /** Returns whether the group has accepted this member. */
        boolean isMember() {
            return member;
        }

        private synchronized void assigned(String holder) {
            member = true;
            if (holder.endsWith(SEPARATOR + submission)) {
                if (takenAt == NEVER) {
                    takenAt = System.currentTimeMillis();
                }
            } else if (!lost) {
                lost = true;
                onLost.run();
            }
        }

        private synchronized ByteBuffer encode() {
            byte[] text = id.getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(Long.BYTES + text.length).putLong(takenAt).put(text).flip();
        }
    }

    /** A member of the group, with its claim as other members see it. */
    private record Member(String memberId, long takenAt, String claimId) {
        static Member of(String memberId, ByteBuffer claim) {
            ByteBuffer data = claim.duplicate();
            long takenAt = data.getLong();
            return new Member(memberId, takenAt, StandardCharsets.UTF_8.decode(data).toString());
        }
    }

    @Override
    public void configure(Map<String, ?> properties) {
        claim = (Claim) properties.get(CLAIM);
    }

    @Override
    public ByteBuffer subscriptionUserData(Set<String> topics) {
        return claim().encode();
    }

    @Override
    public GroupAssignment assign(Cluster metadata, GroupSubscription subscriptions) {
        Map<String, Subscription> members = subscriptions.groupSubscription();
        String holder =
                members.entrySet().stream()
                        .map(each -> Member.of(each.getKey(), each.getValue().userData()))
                        .min(
                                Comparator.comparingLong(Member::takenAt)
                                        .reversed()
                                        .thenComparing(Member::memberId))
                        .map(Member::claimId)
                        .orElseThrow();
        Map<String, Assignment> assignments = new HashMap<>();
        for (String member : members.keySet()) {
            assignments.put(
                    member, new Assignment(List.of(), StandardCharsets.UTF_8.encode(holder)));
        }
        return new GroupAssignment(assignments);
    }

    @Override
    public void onAssignment(Assignment assignment, ConsumerGroupMetadata metadata) {
        receive(assignment);
    }

    /** Notes which member has the lease. */
    void receive(Assignment assignment) {
        ByteBuffer holder = assignment.userData().duplicate();
        claim().assigned(StandardCharsets.UTF_8.decode(holder).toString());
    }

    private Claim claim() {
        if (claim == null) {
            throw new IllegalStateException("the property " + CLAIM + " is missing");
        }
        return claim;
    }

    @Override
    public String name() {
        return "freshet-lease";
    }
}
