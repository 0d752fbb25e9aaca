package io.freshet.local;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** Clock that stands still until it is set. */
public final class AdjustableClock extends Clock {
    private volatile long millis;

    public AdjustableClock(long millis) {
        this.millis = millis;
    }

    public void set(long newMillis) {
        millis = newMillis;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("only UTC");
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis);
    }
}
