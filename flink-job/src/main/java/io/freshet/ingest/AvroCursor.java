package io.freshet.ingest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads Avro's binary encoding from bytes that nobody vouches for.
 *
 * <p>Every length and count is held against the bytes that are left before anything is read or
 * allocated, and an array of floats is copied in bulk. What cannot be read is a {@link
 * InvalidEventException} without stack trace, since it says something about the data and not about
 * the code.
 *
 * <p>Source: Apache Avro 1.12.0 specification, "Binary Encoding".
 */
final class AvroCursor {
    /** The bytes are not what the schema promises. */
    static final class InvalidEventException extends Exception {
        private static final long serialVersionUID = 1;

        private final DeadLetterReason reason;

        InvalidEventException(DeadLetterReason reason, String detail) {
            super(detail, null, false, false);
            this.reason = reason;
        }

        DeadLetterReason reason() {
            return reason;
        }

        /** What {@link #getMessage()} says, which is never null here. */
        String detail() {
            return String.valueOf(getMessage());
        }
    }

    /** More than any broker takes in one record: a claim beyond it is absurd, not cut short. */
    private static final long LARGEST_RECORD_BYTES = 64L << 20;

    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private byte[] bytes = new byte[0];
    private ByteBuffer littleEndian = ByteBuffer.wrap(bytes);
    private int at;

    void open(byte[] bytes) {
        this.bytes = bytes;
        littleEndian = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        at = 0;
    }

    int position() {
        return at;
    }

    int remaining() {
        return bytes.length - at;
    }

    byte readByte() throws InvalidEventException {
        need(1, "a byte");
        return bytes[at++];
    }

    long readFixedLong() throws InvalidEventException {
        need(Long.BYTES, "8 bytes");
        long value = littleEndian.getLong(at);
        at += Long.BYTES;
        return value;
    }

    float readFloat() throws InvalidEventException {
        need(Float.BYTES, "a float");
        float value = littleEndian.getFloat(at);
        at += Float.BYTES;
        return value;
    }

    /** A variable-length zig-zag long. */
    long readLong() throws InvalidEventException {
        long raw = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            need(1, "a number");
            byte next = bytes[at++];
            raw |= (next & 0x7FL) << shift;
            if (next >= 0) {
                if (shift == 63 && next > 1) {
                    break;
                }
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new InvalidEventException(
                DeadLetterReason.MALFORMED, "a number of more than 64 bits ends at byte " + at);
    }

    /** A variable-length zig-zag int. */
    int readInt() throws InvalidEventException {
        long value = readLong();
        if (value != (int) value) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "the int " + value + " is out of range");
        }
        return (int) value;
    }

    /** A union's branch, one of {@code branches}. */
    int readBranch(int branches) throws InvalidEventException {
        long branch = readLong();
        if (branch < 0 || branch >= branches) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "branch " + branch + " of a union of " + branches);
        }
        return (int) branch;
    }

    /** Passes over text or bytes and returns their length; they end at {@link #position()}. */
    int skipText() throws InvalidEventException {
        long length = readLong();
        if (length < 0) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "a text of length " + length);
        }
        if (length > remaining()) {
            throw new InvalidEventException(
                    length > LARGEST_RECORD_BYTES
                            ? DeadLetterReason.OVERSIZED
                            : DeadLetterReason.TRUNCATED,
                    "a text of " + length + " bytes, of which " + remaining() + " are there");
        }
        at += (int) length;
        return (int) length;
    }

    /** The text that stands before a position. */
    String textBefore(int end, int length) throws InvalidEventException {
        try {
            CharBuffer text = utf8.decode(ByteBuffer.wrap(bytes, end - length, length));
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new InvalidEventException(
                    DeadLetterReason.MALFORMED, "text that is not UTF-8 ends at byte " + end);
        }
    }

    /** Whether the same bytes as {@code other} stand before a position. */
    boolean matchesBefore(int end, int length, byte[] other) {
        return length == other.length && Arrays.equals(bytes, end - length, end, other, 0, length);
    }

    /**
     * The number of items in an array's or map's next block; 0 ends it.
     *
     * @param bytesPerItem the fewest bytes that an item takes
     */
    int readBlockCount(int bytesPerItem) throws InvalidEventException {
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
        if (count > remaining() / bytesPerItem) {
            throw new InvalidEventException(
                    count > LARGEST_RECORD_BYTES / bytesPerItem
                            ? DeadLetterReason.OVERSIZED
                            : DeadLetterReason.TRUNCATED,
                    "a count of " + count + " items with " + remaining() + " bytes left");
        }
        return (int) count;
    }

    /**
     * Reads an array of floats.
     *
     * @param target takes the floats from {@code from} on, at most {@code room} of them; the rest
     *     is passed over. Modified.
     * @return how many floats the array has
     */
    int readFloats(float[] target, int from, int room) throws InvalidEventException {
        int total = 0;
        for (int count = readBlockCount(Float.BYTES);
                count != 0;
                count = readBlockCount(Float.BYTES)) {
            int kept = Math.min(count, room - Math.min(total, room));
            if (kept > 0) {
                littleEndian.position(at);
                littleEndian.asFloatBuffer().get(target, from + total, kept);
            }
            at += count * Float.BYTES;
            total += count;
        }
        return total;
    }

    /** Passes over an array of ints. */
    void skipInts() throws InvalidEventException {
        for (int count = readBlockCount(1); count != 0; count = readBlockCount(1)) {
            for (int i = 0; i < count; i++) {
                readInt();
            }
        }
    }

    /** Passes over a map of floats. */
    void skipFloatMap() throws InvalidEventException {
        for (int count = readBlockCount(5); count != 0; count = readBlockCount(5)) {
            for (int i = 0; i < count; i++) {
                skipText();
                readFloat();
            }
        }
    }

    /** Passes over a map of texts. */
    void skipTextMap() throws InvalidEventException {
        for (int count = readBlockCount(2); count != 0; count = readBlockCount(2)) {
            for (int i = 0; i < count; i++) {
                skipText();
                skipText();
            }
        }
    }

    private void need(int count, String what) throws InvalidEventException {
        if (remaining() < count) {
            throw new InvalidEventException(
                    DeadLetterReason.TRUNCATED,
                    "the value ends at byte " + bytes.length + " within " + what);
        }
    }
}
