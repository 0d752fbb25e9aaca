package io.freshet.local.table;

import java.io.IOException;
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

    @Override
    void close() throws IOException;
}
