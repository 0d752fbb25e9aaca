package io.freshet.local.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * XXH64 of an event's position, as the schema of a tally defines it.
 *
 * <p>Written apart from the job's own hash function, so that the audit detects errors in that one.
 * Not thread-safe: keeps the bytes of the last topic.
 */
public final class PositionHash {
    private static final XXHash64 XXH64 = XXHashFactory.safeInstance().hash64();

    private String topic = "";
    private byte[] place = bytes(topic);

    /** Returns the hash of a position. */
    public long of(String topic, int partition, long offset) {
        if (!topic.equals(this.topic)) {
            this.topic = topic;
            place = bytes(topic);
        }
        int numbers = place.length - Integer.BYTES - Long.BYTES;
        ByteBuffer.wrap(place).putInt(numbers, partition).putLong(numbers + Integer.BYTES, offset);
        return XXH64.hash(place, 0, place.length, 0);
    }

    private static byte[] bytes(String topic) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(name, name.length + 1 + Integer.BYTES + Long.BYTES);
    }
}
