package io.freshet.ingest;

import java.util.Arrays;

/**
 * Counts and digests of events by fate: the data's own proof that none was lost and none counted
 * twice.
 *
 * <p>A digest is the sum modulo 2⁶⁴ of the events' hashes (see {@link EventHash}), so it does not
 * depend on order, and two audits add up to that of both. The counters are counted up in place; not
 * thread-safe.
 *
 * @param counts events by {@link EventOutcome}
 * @param digests digests by {@link EventOutcome}
 * @param ignoredByReason ignored events by {@link IgnoredReason}
 * @param deadLettersByReason dead letters by {@link DeadLetterReason}
 */
@SuppressWarnings({
    "ArrayRecordComponent", // counters; never compared as a whole
    "EnumOrdinal" // the enums are append only, which a test holds
})
public record Audit(
        long[] counts, long[] digests, long[] ignoredByReason, long[] deadLettersByReason) {

    /** An audit of nothing. */
    public static Audit empty() {
        return new Audit(
                new long[EventOutcome.values().length],
                new long[EventOutcome.values().length],
                new long[IgnoredReason.values().length],
                new long[DeadLetterReason.values().length]);
    }

    /** Counts an event that was trained on. */
    public void accept(long hash) {
        add(EventOutcome.ACCEPTED, hash);
    }

    /** Counts an event without a label. */
    public void unlabelled(long hash) {
        add(EventOutcome.UNLABELLED, hash);
    }

    /** Counts a valid event that was not to be trained on. */
    public void ignore(long hash, IgnoredReason reason) {
        add(EventOutcome.IGNORED, hash);
        ignoredByReason[reason.ordinal()]++;
    }

    /** Counts a dead letter. */
    public void deadLetter(long hash, DeadLetterReason reason) {
        add(EventOutcome.DEAD_LETTER, hash);
        deadLettersByReason[reason.ordinal()]++;
    }

    private void add(EventOutcome fate, long hash) {
        counts[fate.ordinal()]++;
        digests[fate.ordinal()] += hash;
    }

    /**
     * Adds what another audit counted.
     *
     * @param other not modified
     */
    public void add(Audit other) {
        add(other.counts, counts);
        add(other.digests, digests);
        add(other.ignoredByReason, ignoredByReason);
        add(other.deadLettersByReason, deadLettersByReason);
    }

    private static void add(long[] from, long[] to) {
        for (int i = 0; i < from.length; i++) {
            to[i] += from[i];
        }
    }

    /** Counts nothing any more. */
    public void clear() {
        Arrays.fill(counts, 0);
        Arrays.fill(digests, 0);
        Arrays.fill(ignoredByReason, 0);
        Arrays.fill(deadLettersByReason, 0);
    }

    /** Returns an audit of the same events that shares nothing with this one. */
    public Audit copy() {
        Audit copy = empty();
        copy.add(this);
        return copy;
    }

    /** Number of events that met the fate. */
    public long count(EventOutcome fate) {
        return counts[fate.ordinal()];
    }

    /** Digest of the events that met the fate. */
    public long digest(EventOutcome fate) {
        return digests[fate.ordinal()];
    }

    /** Number of events ignored for the reason. */
    public long count(IgnoredReason reason) {
        return ignoredByReason[reason.ordinal()];
    }

    /** Number of dead letters with the reason. */
    public long count(DeadLetterReason reason) {
        return deadLettersByReason[reason.ordinal()];
    }

    /** Number of events, whatever their fate. */
    public long total() {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total;
    }
}
