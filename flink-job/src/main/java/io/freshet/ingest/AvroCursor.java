package io.freshet.ingest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bounds-checked reader of Avro's binary encoding in untrusted bytes.
 *
 * <p>Every length and count is checked against the remaining bytes before anything is read or
 * allocated, and arrays of floats are copied in bulk. An {@link InvalidEventException} is thrown
 * for invalid bytes.
 *
 * <p>Source: Apache Avro 1.12.0 specification, "Binary Encoding".
 */
final class AvroCursor {
    /** Upper bound of a record's size; a length or count beyond it is invalid, not truncated. */
    private static final long MAX_RECORD_BYTES = 64L << 20;

    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private byte[] bytes = new byte[0];
    private ByteBuffer littleEndian = ByteBuffer.wrap(bytes);
    private int position;

    void open(byte[] bytes) {
        this.bytes = bytes;
        littleEndian = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        position = 0;
    }

    int position() {
        return position;
    }

    /** Returns the bytes that are read; not a copy. */
    byte[] bytes() {
        return bytes;
    }

    int remaining() {
        return bytes.length - position;
    }

    byte readByte() throws InvalidEventException {
        require(1, "a byte");
        return bytes[position++];
    }

    long readFixedLong() throws InvalidEventException {
        require(Long.BYTES, "8 bytes");
        long value = littleEndian.getLong(position);
        position += Long.BYTES;
        return value;
    }

    float readFloat() throws InvalidEventException {
        require(Float.BYTES, "a float");
        float value = littleEndian.getFloat(position);
        position += Float.BYTES;
        return value;
    }

    /** Reads a variable-length zig-zag long. */
    long readLong() throws InvalidEventException {
        long raw = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            require(1, "a number");
            byte next = bytes[position++];
            raw |= (next & 0x7FL) << shift;
            if (next >= 0) {
                if (shift == 63 && next > 1) {
                    break;
                }
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new InvalidEventException(
                DeadLetterReason.MALFORMED,
                "a number of more than 64 bits ends at byte " + position);
    }

    /** Reads a variable-length zig-zag int. */
    int readInt() throws InvalidEventException {
        long value = readLong();
        if (value != (int) value) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "the int " + value + " is out of range");
        }
        return (int) value;
    }

    /** Reads the branch index of a union of {@code branches} branches. */
    int readBranch(int branches) throws InvalidEventException {
        long branch = readLong();
        if (branch < 0 || branch >= branches) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "branch " + branch + " of a union of " + branches);
        }
        return (int) branch;
    }

    /** Skips a string or bytes and returns their length; they end at {@link #position()}. */
    int skipText() throws InvalidEventException {
        long length = readLong();
        if (length < 0) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "a string of length " + length);
        }
        if (length > remaining()) {
            throw new InvalidEventException(
                    length > MAX_RECORD_BYTES
                            ? DeadLetterReason.OVERSIZED
                            : DeadLetterReason.TRUNCATED,
                    "a string of " + length + " bytes where " + remaining() + " bytes remain");
        }
        position += (int) length;
        return (int) length;
    }

    /** Decodes the {@code length} bytes before position {@code end} as UTF-8. */
    String textBefore(int end, int length) throws InvalidEventException {
        try {
            CharBuffer text = utf8.decode(ByteBuffer.wrap(bytes, end - length, length));
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "text that is not UTF-8 ends at byte " + end);
        }
    }

    /** Checks that the {@code length} bytes before position {@code end} are UTF-8. */
    void requireTextBefore(int end, int length) throws InvalidEventException {
        for (int i = end - length; i < end; i++) {
            if (bytes[i] < 0) {
                textBefore(end, length);
                return;
            }
        }
    }

    /** Returns whether the {@code length} bytes before position {@code end} equal {@code other}. */
    boolean matchesBefore(int end, int length, byte[] other) {
        return length == other.length && Arrays.equals(bytes, end - length, end, other, 0, length);
    }

    /**
     * Reads the number of items in the next block of an array or map; 0 marks the end.
     *
     * @param minItemBytes minimum size of an item in bytes
     */
    int readBlockCount(int minItemBytes) throws InvalidEventException {
        long count = readLong();
        if (count < 0) {
            // A negative count is followed by the block's size in bytes.
            long size = readLong();
            count = -count;
            if (size < 0 || count < 0) {
                throw new InvalidEventException(
                        DeadLetterReason.MALFORMED, "a block of " + count + " items");
            }
        }
        if (count > remaining() / minItemBytes) {
            throw new InvalidEventException(
                    count > MAX_RECORD_BYTES / minItemBytes
                            ? DeadLetterReason.OVERSIZED
                            : DeadLetterReason.TRUNCATED,
                    "a count of " + count + " items where " + remaining() + " bytes remain");
        }
        return (int) count;
    }

    /**
     * Reads an array of floats.
     *
     * @param target receives the first {@code maxCount} floats, starting at index {@code from};
     *     further ones are skipped. Modified.
     * @return the number of floats in the array
     */
    int readFloats(float[] target, int from, int maxCount) throws InvalidEventException {
        int total = 0;
        for (int count = readBlockCount(Float.BYTES);
                count != 0;
                count = readBlockCount(Float.BYTES)) {
            int kept = Math.min(count, maxCount - Math.min(total, maxCount));
            if (kept > 0) {
                littleEndian.position(position);
                littleEndian.asFloatBuffer().get(target, from + total, kept);
            }
            position += count * Float.BYTES;
            total += count;
        }
        return total;
    }

    /** Skips a map of floats. */
    void skipFloatMap() throws InvalidEventException {
        for (int count = readBlockCount(5); count != 0; count = readBlockCount(5)) {
            for (int i = 0; i < count; i++) {
                skipText();
                readFloat();
            }
        }
    }

    /** Skips a map of strings. */
    void skipTextMap() throws InvalidEventException {
        for (int count = readBlockCount(2); count != 0; count = readBlockCount(2)) {
            for (int i = 0; i < count; i++) {
                skipText();
                skipText();
            }
        }
    }

    private void require(int count, String item) throws InvalidEventException {
        if (remaining() < count) {
            throw new InvalidEventException(
                    DeadLetterReason.TRUNCATED,
                    "the value ends at byte " + bytes.length + " within " + item);
        }
    }
}
