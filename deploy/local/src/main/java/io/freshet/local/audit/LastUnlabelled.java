package io.freshet.local.audit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Hashes of the last unlabelled events of one model in each partition.
 *
 * <p>A job whose blocks are cut by count predicts a model's events in the order in which it read
 * them. So those that still wait for their block are the last ones of each partition.
 */
final class LastUnlabelled {
    /** Maximum number of rows without a label in a block. */
    private static final int MAX_PER_PARTITION = 256;

    private static final int MAX_CHOICES = 100_000;

    private final Map<TopicPartition, Deque<Long>> hashes = new HashMap<>();

    /**
     * Adds the next event of a partition, or takes one away.
     *
     * @param sign 1 or -1
     */
    void add(TopicPartition partition, long hash, int sign) {
        Deque<Long> last = hashes.computeIfAbsent(partition, p -> new ArrayDeque<>());
        if (sign < 0) {
            last.removeLastOccurrence(hash);
            return;
        }
        last.addLast(hash);
        if (last.size() > MAX_PER_PARTITION) {
            last.removeFirst();
        }
    }

    /**
     * Returns whether some events can be the last ones of the partitions. With many partitions, not
     * all choices are tried; then only their number is compared.
     */
    boolean canBe(EventSum events) {
        List<long[]> digests = new ArrayList<>();
        long choices = 1;
        long all = 0;
        for (Deque<Long> last : hashes.values()) {
            digests.add(digestsOfLast(last));
            choices = Math.min(MAX_CHOICES + 1L, choices * (last.size() + 1));
            all += last.size();
        }
        return choices > MAX_CHOICES
                ? events.count() >= 0 && events.count() <= all
                : canBe(digests, 0, events.count(), events.digest());
    }

    private static boolean canBe(List<long[]> digests, int partition, long count, long digest) {
        if (partition == digests.size()) {
            return count == 0 && digest == 0;
        }
        long[] ofPartition = digests.get(partition);
        for (int n = 0; n < ofPartition.length && n <= count; n++) {
            if (canBe(digests, partition + 1, count - n, digest - ofPartition[n])) {
                return true;
            }
        }
        return false;
    }

    /** Returns the digest of the last n events, by n. */
    private static long[] digestsOfLast(Deque<Long> events) {
        long[] digests = new long[events.size() + 1];
        int n = 0;
        for (var latestFirst = events.descendingIterator(); latestFirst.hasNext(); n++) {
            digests[n + 1] = digests[n] + latestFirst.next();
        }
        return digests;
    }
}
