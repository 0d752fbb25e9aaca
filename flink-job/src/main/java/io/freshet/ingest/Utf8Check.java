package io.freshet.ingest;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Check of bytes for UTF-8 as RFC 3629 defines it. Not thread-safe. */
final class Utf8Check {
    private static final int MAX_CHARS = 1024;

    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final CharBuffer discarded = CharBuffer.allocate(MAX_CHARS);

    /** Returns the index of the first byte that is not UTF-8; the number of bytes if all are. */
    int firstInvalid(byte[] bytes) {
        if (isAscii(bytes)) {
            return bytes.length;
        }
        ByteBuffer input = ByteBuffer.wrap(bytes);
        decoder.reset();
        CoderResult result;
        do {
            discarded.clear();
            result = decoder.decode(input, discarded, true);
        } while (result.isOverflow());
        return input.position();
    }

    private static boolean isAscii(byte[] bytes) {
        int bits = 0;
        for (byte value : bytes) {
            bits |= value;
        }
        return bits >= 0;
    }
}
