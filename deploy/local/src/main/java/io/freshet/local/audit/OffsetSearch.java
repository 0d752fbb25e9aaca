package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Search for the one or two events that explain a difference of counts and digests.
 *
 * <p>A single event is found without keeping the others. Two are found among the first {@value
 * #MAX_PAIRED} events of the range.
 */
final class OffsetSearch {
    private static final int MAX_PAIRED = 1_000_000;
    private static final int FIRST_CAPACITY = 1_024;

    private final EventSum difference;
    private final List<EventPosition> missing = new ArrayList<>();
    private final List<EventPosition> repeated = new ArrayList<>();
    private final List<TopicPartition> partitions = new ArrayList<>();
    private long[] hashes = new long[FIRST_CAPACITY];
    private long[] offsets = new long[FIRST_CAPACITY];
    private int[] sources = new int[FIRST_CAPACITY];
    private int size;
    private boolean complete = true;
    private EventSum all = EventSum.NONE;

    /**
     * @param difference events that should be there minus those that are
     */
    OffsetSearch(EventSum difference) {
        this.difference = difference;
    }

    /** Adds an event of the range. */
    void add(TopicPartition partition, long offset, long hash) {
        all = all.plus(hash);
        if (difference.count() == 1 && hash == difference.digest()) {
            missing.add(new EventPosition(partition, offset));
        } else if (difference.count() == -1 && hash == -difference.digest()) {
            repeated.add(new EventPosition(partition, offset));
        }
        if (size == MAX_PAIRED) {
            complete = false;
            return;
        }
        if (size == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * size);
            offsets = Arrays.copyOf(offsets, 2 * size);
            sources = Arrays.copyOf(sources, 2 * size);
        }
        if (partitions.isEmpty() || !partitions.get(partitions.size() - 1).equals(partition)) {
            partitions.add(partition);
        }
        hashes[size] = hash;
        offsets[size] = offset;
        sources[size] = partitions.size() - 1;
        size++;
    }

    /** Ends the range and returns the finding with the events that explain it, if any do. */
    Finding located(Finding finding) {
        if (missing.isEmpty() && repeated.isEmpty()) {
            searchSeveral();
        }
        return finding.located(List.copyOf(missing), List.copyOf(repeated));
    }

    private void searchSeveral() {
        if (complete && difference.equals(all)) {
            for (int i = 0; i < size; i++) {
                missing.add(position(i));
            }
        } else if (complete && difference.equals(EventSum.NONE.minus(all))) {
            for (int i = 0; i < size; i++) {
                repeated.add(position(i));
            }
        } else if (difference.count() == 0) {
            searchExchange();
        } else if (Math.abs(difference.count()) == 2) {
            searchPair();
        }
    }

    /** Searches for one missing and one repeated event. */
    private void searchExchange() {
        Map<Long, Integer> byHash = byHash();
        for (int i = 0; i < size; i++) {
            Integer other = byHash.get(hashes[i] - difference.digest());
            if (other != null && other != i) {
                missing.add(position(i));
                repeated.add(position(other));
                return;
            }
        }
    }

    /** Searches for two missing or two repeated events; one may be repeated twice. */
    private void searchPair() {
        boolean less = difference.count() > 0;
        long digest = less ? difference.digest() : -difference.digest();
        Map<Long, Integer> byHash = byHash();
        for (int i = 0; i < size; i++) {
            Integer other = byHash.get(digest - hashes[i]);
            if (other != null && (other != i || !less)) {
                List<EventPosition> found = less ? missing : repeated;
                found.add(position(Math.min(i, other)));
                found.add(position(Math.max(i, other)));
                return;
            }
        }
    }

    private Map<Long, Integer> byHash() {
        Map<Long, Integer> byHash = new HashMap<>(2 * size);
        for (int i = 0; i < size; i++) {
            byHash.put(hashes[i], i);
        }
        return byHash;
    }

    private EventPosition position(int i) {
        return new EventPosition(partitions.get(sources[i]), offsets[i]);
    }
}
