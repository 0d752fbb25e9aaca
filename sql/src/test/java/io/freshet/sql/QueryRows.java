package io.freshet.sql;

import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Rows of a query as they come; closing them cancels the query. */
final class QueryRows implements AutoCloseable {
    private final CloseableIterator<Row> rows;

    QueryRows(TableResult result) {
        rows = result.collect();
    }

    /** Waits for the next row. */
    Row next() {
        return rows.next();
    }

    /** Waits for the next row, and returns whether there is one before the query ends. */
    boolean hasNext() {
        return rows.hasNext();
    }

    @Override
    public void close() {
        try {
            rows.close();
        } catch (Exception e) {
            throw new IllegalStateException("the query cannot be cancelled", e);
        }
    }
}
