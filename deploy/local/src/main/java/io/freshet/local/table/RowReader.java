package io.freshet.local.table;

import io.freshet.features.FieldPath;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reader of the rows of a file. Not thread-safe. */
public interface RowReader extends AutoCloseable {
    /**
     * Reads the next row.
     *
     * @return null at the end of the file
     * @throws InvalidFileException if the row is invalid
     * @throws IOException if the file cannot be read
     */
    @Nullable Row next() throws IOException;

    /** Returns the kinds of the fields that the file declares; empty if its format has none. */
    default Map<FieldPath, DeclaredKind> declared() {
        return Map.of();
    }

    @Override
    void close() throws IOException;
}
