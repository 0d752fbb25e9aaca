package io.freshet.ingest;

import java.nio.charset.StandardCharsets;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * A 64-bit hash of an event's position in Kafka: XXH64 (seed 0) of the topic in UTF-8, a 0 byte,
 * the partition as int32 and the offset as int64, both big-endian.
 *
 * <p>Caches the bytes of the last topic and partition, since consecutive events mostly share them.
 * Not thread-safe.
 *
 * <p>Source of the hash: Yann Collet's xxHash specification, version 0.1.1.
 */
public final class EventHash {
    private static final int OFFSET_BYTES = Long.BYTES;
    private static final XXHash64 XXH64 = XXHashFactory.fastestJavaInstance().hash64();

    private String topic = "";
    private int partition = -1;
    private byte[] position = new byte[0];

    /** Returns the hash of an event's position. */
    public long of(String topic, int partition, long offset) {
        if (partition != this.partition || !topic.equals(this.topic)) {
            byte[] name = topic.getBytes(StandardCharsets.UTF_8);
            position = new byte[name.length + 1 + Integer.BYTES + OFFSET_BYTES];
            System.arraycopy(name, 0, position, 0, name.length);
            putBigEndian(partition, name.length + 1, Integer.BYTES);
            this.topic = topic;
            this.partition = partition;
        }
        putBigEndian(offset, position.length - OFFSET_BYTES, OFFSET_BYTES);
        return XXH64.hash(position, 0, position.length, 0);
    }

    private void putBigEndian(long value, int start, int bytes) {
        for (int i = 0; i < bytes; i++) {
            position[start + i] = (byte) (value >>> (8 * (bytes - 1 - i)));
        }
    }
}
