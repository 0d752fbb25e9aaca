package io.freshet.ingest.mapping;

import io.freshet.features.FieldPath;
import io.freshet.features.PathReader;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Place of a value in a record: a field of the message, the record's key or one of its headers.
 *
 * @param path path of the field; null for the key and for headers
 * @param header name of the header; null for fields and for the key
 */
public record FieldSource(@Nullable FieldPath path, @Nullable String header)
        implements Serializable {
    static final String KEY_WORD = "key";
    static final String HEADER_PREFIX = "header.";

    static final String TYPE = FieldPath.TYPE + "; or key, or header.NAME";

    /** Returns the place of a field. */
    public static FieldSource of(FieldPath path) {
        return new FieldSource(path, null);
    }

    /**
     * Parses a place.
     *
     * @throws IllegalArgumentException if the text is none
     */
    static FieldSource parse(String text) {
        if (text.equals(KEY_WORD)) {
            return new FieldSource(null, null);
        }
        if (text.startsWith(HEADER_PREFIX) && text.length() > HEADER_PREFIX.length()) {
            return new FieldSource(null, text.substring(HEADER_PREFIX.length()));
        }
        return of(PathReader.parsePath(text));
    }

    /** Returns the place as it is written in settings. */
    @Override
    public String toString() {
        if (path != null) {
            return path.toString();
        }
        return header == null ? KEY_WORD : HEADER_PREFIX + header;
    }
}
