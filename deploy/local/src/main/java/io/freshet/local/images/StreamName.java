package io.freshet.local.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Names of streams of images: the same for the same images, network, order and augmentation. */
final class StreamName {
    private static final int BYTES = 8;

    private StreamName() {}

    /**
     * Returns the name of a stream.
     *
     * @param network file of the network
     * @param options everything else that the events depend on
     */
    static String of(ImageSet set, Path network, List<String> options) {
        MessageDigest digest = sha256();
        try {
            digest.update(Files.readAllBytes(network));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ByteBuffer label = ByteBuffer.allocate(Integer.BYTES);
        for (int i = 0; i < set.size(); i++) {
            add(digest, set.name(i));
            digest.update(label.clear().putInt(set.label(i)).flip());
        }
        set.classes().forEach(name -> add(digest, name));
        options.forEach(option -> add(digest, option));
        return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    }

    private static void add(MessageDigest digest, @Nullable String text) {
        digest.update(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
