package io.freshet.features;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Signed hashing of features' names into a fixed number of columns: XXH64 with seed 0 of the name
 * in UTF-8. The low bits of the hash are the column; the highest bit is the sign with which a value
 * is added there, so that features which share a column cancel out on average.
 *
 * <p>A category is the name {@code name=category} with the value 1, and so is a word of a text. Not
 * thread-safe.
 *
 * <p>Source: Weinberger, Dasgupta, Langford, Smola and Attenberg, "Feature hashing for large scale
 * multitask learning", ICML 2009.
 */
public final class FeatureHasher {
    /** Largest number of features of an event. */
    public static final int MAX_FEATURES = 65_536;

    /** Largest number of characters of a text or a category; of bytes in Freshet's own format. */
    public static final int MAX_TEXT_LENGTH = 131_072;

    /** Largest number of bytes of a feature's name in Freshet's own format. */
    public static final int MAX_NAME_LENGTH = 1024;

    private static final XXHash64 XXH64 = XXHashFactory.fastestJavaInstance().hash64();
    private static final long SEED = 0;
    private static final int FIRST_CAPACITY = 256;
    private static final int MAX_UTF8_BYTES = 3;

    private final int mask;
    private byte[] buffer = new byte[FIRST_CAPACITY];

    /**
     * @param numColumns number of columns, a power of 2
     */
    public FeatureHasher(int numColumns) {
        if (Integer.bitCount(numColumns) != 1) {
            throw new IllegalArgumentException(numColumns + " columns, not a power of 2");
        }
        mask = numColumns - 1;
    }

    /** Returns the column of a hash. */
    public int column(long hash) {
        return (int) hash & mask;
    }

    /** Returns the sign of a hash, 1 or -1. */
    public static float sign(long hash) {
        return hash < 0 ? -1 : 1;
    }

    /** Returns the hash of a name. */
    public long hash(String name) {
        return hash(new byte[0], name, 0, name.length());
    }

    /** Returns the hash of a name in UTF-8. */
    public long hash(byte[] name, int from, int length) {
        return XXH64.hash(name, from, length, SEED);
    }

    /** Returns the hash of an index, whose name is its decimal number. */
    public long hash(int index) {
        int at = buffer.length;
        int rest = index;
        do {
            buffer[--at] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        return hash(buffer, at, buffer.length - at);
    }

    /**
     * Returns the hash of a name that is followed by a part of a text.
     *
     * @param prefix beginning of the name in UTF-8, such as {@code city=}. Not modified.
     */
    public long hash(byte[] prefix, String text, int from, int to) {
        int length = begin(prefix, 0, prefix.length, MAX_UTF8_BYTES * (to - from));
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                byte[] rest = text.substring(i, to).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(rest, 0, buffer, length, rest.length);
                length += rest.length;
                break;
            }
            buffer[length++] = (byte) c;
        }
        return hash(buffer, 0, length);
    }

    /**
     * Returns the hash of a category, whose name and value are parts of the same UTF-8.
     *
     * @param bytes not modified
     */
    public long hashCategory(
            byte[] bytes, int nameFrom, int nameLength, int valueFrom, int valueLength) {
        int length = begin(bytes, nameFrom, nameLength, valueLength + 1);
        buffer[length++] = '=';
        System.arraycopy(bytes, valueFrom, buffer, length, valueLength);
        return hash(buffer, 0, length + valueLength);
    }

    /** Copies the beginning of a name to the buffer; returns its length. */
    private int begin(byte[] bytes, int from, int length, int more) {
        if (buffer.length < length + more) {
            buffer = Arrays.copyOf(buffer, Math.max(length + more, 2 * buffer.length));
        }
        System.arraycopy(bytes, from, buffer, 0, length);
        return length;
    }
}
