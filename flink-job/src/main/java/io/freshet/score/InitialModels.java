package io.freshet.score;

import io.freshet.ingest.RawMessage;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import java.util.function.Consumer;

/** The records of snapshots that there are before the first event is predicted. */
@FunctionalInterface
public interface InitialModels extends Serializable {
    /**
     * Reads the records in their order.
     *
     * @param records receives them
     * @return offset after the last record, by partition; records before it that come later are
     *     these again
     */
    Map<Integer, Long> read(Consumer<RawMessage> records) throws IOException;
}
