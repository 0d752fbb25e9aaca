package io.freshet.ingest;

import java.util.Arrays;

/**
 * Counts and digests of events by outcome, which prove that no event was lost or counted twice.
 *
 * <p>A digest is the sum modulo 2⁶⁴ of the events' hashes (see {@link EventHash}). It therefore
 * does not depend on the order of the events, and the sum of the audits of two sets of events is
 * the audit of their union.
 *
 * <p>Mutable and not thread-safe. The public constructor and the setters exist because Flink
 * serialises an audit as a POJO. Each array is indexed by the ordinal of its enum.
 */
@SuppressWarnings("EnumOrdinal") // the enums are append-only, as a test verifies
public final class Audit {
    private long[] counts = new long[EventOutcome.values().length];
    private long[] digests = new long[EventOutcome.values().length];
    private long[] ignoredByReason = new long[IgnoredReason.values().length];
    private long[] deadLettersByReason = new long[DeadLetterReason.values().length];

    /** Creates an audit of no events. */
    public Audit() {}

    /** Returns the number of events by {@link EventOutcome}; not a copy. */
    public long[] counts() {
        return counts;
    }

    /** Sets {@link #counts()}, without copying. */
    public void setCounts(long[] counts) {
        this.counts = counts;
    }

    /** Returns the digests by {@link EventOutcome}; not a copy. */
    public long[] digests() {
        return digests;
    }

    /** Sets {@link #digests()}, without copying. */
    public void setDigests(long[] digests) {
        this.digests = digests;
    }

    /** Returns the number of ignored events by {@link IgnoredReason}; not a copy. */
    public long[] ignoredByReason() {
        return ignoredByReason;
    }

    /** Sets {@link #ignoredByReason()}, without copying. */
    public void setIgnoredByReason(long[] ignoredByReason) {
        this.ignoredByReason = ignoredByReason;
    }

    /** Returns the number of dead letters by {@link DeadLetterReason}; not a copy. */
    public long[] deadLettersByReason() {
        return deadLettersByReason;
    }

    /** Sets {@link #deadLettersByReason()}, without copying. */
    public void setDeadLettersByReason(long[] deadLettersByReason) {
        this.deadLettersByReason = deadLettersByReason;
    }

    /** Counts an event that was trained on. */
    public void accept(long hash) {
        add(EventOutcome.ACCEPTED, hash);
    }

    /** Counts an event without a label. */
    public void unlabelled(long hash) {
        add(EventOutcome.UNLABELLED, hash);
    }

    /** Counts a valid event that is ignored. */
    public void ignore(long hash, IgnoredReason reason) {
        add(EventOutcome.IGNORED, hash);
        ignoredByReason[reason.ordinal()]++;
    }

    /** Counts a dead letter. */
    public void deadLetter(long hash, DeadLetterReason reason) {
        add(EventOutcome.DEAD_LETTER, hash);
        deadLettersByReason[reason.ordinal()]++;
    }

    private void add(EventOutcome outcome, long hash) {
        counts[outcome.ordinal()]++;
        digests[outcome.ordinal()] += hash;
    }

    /**
     * Adds the counts and digests of another audit.
     *
     * @param other not modified; may have been written by an older release, which had fewer reasons
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

    /** Sets all counts and digests to 0. */
    public void clear() {
        Arrays.fill(counts, 0);
        Arrays.fill(digests, 0);
        Arrays.fill(ignoredByReason, 0);
        Arrays.fill(deadLettersByReason, 0);
    }

    /** Returns a copy that shares no array. */
    public Audit copy() {
        Audit copy = new Audit();
        copy.add(this);
        return copy;
    }

    /** Returns the number of events with an outcome. */
    public long count(EventOutcome outcome) {
        return counts[outcome.ordinal()];
    }

    /** Returns the digest of the events with an outcome. */
    public long digest(EventOutcome outcome) {
        return digests[outcome.ordinal()];
    }

    /** Returns the number of events ignored for a reason. */
    public long count(IgnoredReason reason) {
        return ignoredByReason[reason.ordinal()];
    }

    /** Returns the number of dead letters with a reason. */
    public long count(DeadLetterReason reason) {
        return deadLettersByReason[reason.ordinal()];
    }

    /** Returns the number of events of any outcome. */
    public long total() {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total;
    }
}
