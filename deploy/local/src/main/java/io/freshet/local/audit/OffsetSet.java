package io.freshet.local.audit;

import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Set of offsets of one partition, in pages with a bit for each offset. A page that has all of its
 * offsets takes no bits, so that a set without gaps stays small whatever its size.
 */
final class OffsetSet {
    /** Result of {@link #next} if there is no such offset. */
    static final long NONE = -1;

    private static final int PAGE_BITS = 15;
    private static final int PAGE_SIZE = 1 << PAGE_BITS;

    private final TreeMap<Long, Page> pages = new TreeMap<>();
    private Page newest = new Page();
    private long newestNumber = -1;
    private long size;

    /** Bits of successive offsets; null once all of them are there. */
    private static final class Page {
        private @Nullable BitSet bits = new BitSet(PAGE_SIZE);
        private int count;

        boolean add(int index) {
            BitSet bits = this.bits;
            if (bits == null || bits.get(index)) {
                return false;
            }
            bits.set(index);
            count++;
            if (count == PAGE_SIZE) {
                this.bits = null;
            }
            return true;
        }

        int next(int index) {
            BitSet bits = this.bits;
            return bits == null ? index : bits.nextSetBit(index);
        }
    }

    /**
     * Adds an offset.
     *
     * @param offset at least 0
     * @return whether it was not there before
     */
    boolean add(long offset) {
        long number = offset >> PAGE_BITS;
        if (number != newestNumber) {
            newest = pages.computeIfAbsent(number, n -> new Page());
            newestNumber = number;
        }
        boolean added = newest.add(index(offset));
        size += added ? 1 : 0;
        return added;
    }

    boolean contains(long offset) {
        return next(offset) == offset;
    }

    /** Returns the first offset from a given one on; {@link #NONE} if there is none. */
    long next(long offset) {
        long from = offset;
        for (Map.Entry<Long, Page> page = pages.ceilingEntry(from >> PAGE_BITS);
                page != null;
                page = pages.higherEntry(page.getKey())) {
            long start = page.getKey() << PAGE_BITS;
            from = Math.max(from, start);
            int index = page.getValue().next(index(from));
            if (index >= 0) {
                return start + index;
            }
        }
        return NONE;
    }

    private static int index(long offset) {
        return (int) (offset & (PAGE_SIZE - 1));
    }

    long size() {
        return size;
    }
}
