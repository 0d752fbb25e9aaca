package io.freshet.local.deadletters;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * Identity of a dead letter: the place of its message, and a digest of the message. The same place
 * holds another message if the topic was deleted and created anew.
 *
 * @param digest first 64 bits of the SHA-256 of key and value
 */
record DeadLetterIdentity(MessagePlace place, long digest) {
    static DeadLetterIdentity of(StoredDeadLetter letter) {
        return of(letter.place(), letter.key(), letter.value());
    }

    static DeadLetterIdentity of(
            MessagePlace place, byte @Nullable [] key, byte @Nullable [] value) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            add(sha, key);
            add(sha, value);
            return new DeadLetterIdentity(place, ByteBuffer.wrap(sha.digest()).getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** Adds the length, −1 for null, and the bytes. */
    private static void add(MessageDigest sha, byte @Nullable [] bytes) {
        int length = bytes == null ? -1 : bytes.length;
        sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
        if (bytes != null) {
            sha.update(bytes);
        }
    }
}
