package io.freshet.local.audit;

import io.freshet.schemas.Tally;
import java.util.Locale;

/**
 * Number of events, and their digest: the sum modulo 2⁶⁴ of the hashes of their positions.
 *
 * <p>A difference of two sums may have a negative number of events.
 */
public record EventSum(long count, long digest) {
    /** No events. */
    public static final EventSum NONE = new EventSum(0, 0);

    /** Returns the sum that a record states. */
    public static EventSum of(Tally tally) {
        return new EventSum(tally.getCount(), tally.getDigest());
    }

    /** Returns this sum with one more event. */
    public EventSum plus(long hash) {
        return new EventSum(count + 1, digest + hash);
    }

    EventSum plus(EventSum other) {
        return new EventSum(count + other.count, digest + other.digest);
    }

    EventSum minus(EventSum other) {
        return new EventSum(count - other.count, digest - other.digest);
    }

    /** Returns the count, and the digest in hexadecimal. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,d (%016x)", count, digest);
    }
}
