package io.freshet.ingest;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Guess of the format of a message that is not in the job's format, by its bytes, so that its dead
 * letter can say what the producer may have sent.
 */
final class ForeignFormat {
    private static final int GZIP = 0x1F8B;
    private static final int SINGLE_OBJECT = 0xC301;
    private static final int AVRO_FILE = 'O' << 24 | 'b' << 16 | 'j' << 8 | 1;

    /** First byte of Confluent's wire format; the schema's id follows in four bytes. */
    private static final byte REGISTRY = 0;

    private static final int REGISTRY_HEADER = 5;

    private ForeignFormat() {}

    /**
     * Returns a guess.
     *
     * @param value value of the message, not empty
     * @return a clause that begins with "it", such as "it looks like JSON"; null if the bytes say
     *     nothing
     */
    static @Nullable String guess(byte[] value) {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        if (value.length >= 4 && bytes.getInt(0) == AVRO_FILE) {
            return "it looks like a file of Avro";
        }
        if (value.length >= 2 && Short.toUnsignedInt(bytes.getShort(0)) == SINGLE_OBJECT) {
            return "it looks like Avro in single-object encoding";
        }
        if (value.length >= 2 && Short.toUnsignedInt(bytes.getShort(0)) == GZIP) {
            return "it looks compressed by gzip";
        }
        if (value.length > REGISTRY_HEADER && value[0] == REGISTRY) {
            return "it looks framed by a schema registry, with the schema id " + bytes.getInt(1);
        }
        String text = text(bytes);
        if (text == null) {
            return null;
        }
        String stripped = text.strip();
        if ((stripped.startsWith("{") && stripped.endsWith("}"))
                || (stripped.startsWith("[") && stripped.endsWith("]"))) {
            return "it looks like JSON";
        }
        if (stripped.startsWith("{") && stripped.substring(1).strip().startsWith("\"")) {
            return "it looks like JSON that is cut off";
        }
        return stripped.isEmpty() ? null : "it looks like text";
    }

    /** Returns the value as text; null if it is not UTF-8, or has control characters. */
    private static @Nullable String text(ByteBuffer bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            return text.chars()
                            .allMatch(c -> !Character.isISOControl(c) || Character.isWhitespace(c))
                    ? text
                    : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
