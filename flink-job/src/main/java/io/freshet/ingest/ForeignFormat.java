package io.freshet.ingest;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Format that a message which is not in the job's format seems to have, by its bytes, so that its
 * dead letter can say what the producer may have sent.
 */
public enum ForeignFormat {
    AVRO_FILE("it looks like a file of Avro"),
    SINGLE_OBJECT("it looks like Avro in single-object encoding"),
    GZIP("it looks compressed by gzip"),
    /** Confluent's wire format. */
    REGISTRY("it looks framed by a schema registry, with the schema id %d"),
    JSON("it looks like JSON"),
    JSON_CUT_OFF("it looks like JSON that is cut off"),
    TEXT("it looks like text");

    private static final int GZIP_MARKER = 0x1F8B;
    private static final int SINGLE_OBJECT_MARKER = 0xC301;
    private static final int AVRO_FILE_MARKER = 'O' << 24 | 'b' << 16 | 'j' << 8 | 1;

    /** First byte of Confluent's wire format; the schema's id follows in four bytes. */
    private static final byte REGISTRY_MARKER = 0;

    private static final int REGISTRY_HEADER = 5;

    private final String clause;

    ForeignFormat(String clause) {
        this.clause = clause;
    }

    /**
     * Returns the format that a message seems to have.
     *
     * @param value value of the message, not empty
     * @return null if the bytes say nothing
     */
    public static @Nullable ForeignFormat of(byte[] value) {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        if (value.length >= 4 && bytes.getInt(0) == AVRO_FILE_MARKER) {
            return AVRO_FILE;
        }
        if (value.length >= 2) {
            int marker = Short.toUnsignedInt(bytes.getShort(0));
            if (marker == SINGLE_OBJECT_MARKER) {
                return SINGLE_OBJECT;
            }
            if (marker == GZIP_MARKER) {
                return GZIP;
            }
        }
        if (value.length > REGISTRY_HEADER && value[0] == REGISTRY_MARKER) {
            return REGISTRY;
        }
        String text = text(bytes);
        if (text == null) {
            return null;
        }
        String stripped = text.strip();
        if ((stripped.startsWith("{") && stripped.endsWith("}"))
                || (stripped.startsWith("[") && stripped.endsWith("]"))) {
            return JSON;
        }
        if (stripped.startsWith("{") && stripped.substring(1).strip().startsWith("\"")) {
            return JSON_CUT_OFF;
        }
        return stripped.isEmpty() ? null : TEXT;
    }

    /**
     * Returns a guess.
     *
     * @param value value of the message, not empty
     * @return a clause that begins with "it", such as "it looks like JSON"; null if the bytes say
     *     nothing
     */
    public static @Nullable String guess(byte[] value) {
        ForeignFormat format = of(value);
        if (format == REGISTRY) {
            return String.format(format.clause, ByteBuffer.wrap(value).getInt(1));
        }
        return format == null ? null : format.clause;
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
