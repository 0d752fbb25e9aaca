package io.freshet.local.stream;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A finite stream of examples to feed, the same each time. */
public interface LabelledStream {
    /**
     * One example.
     *
     * @param label class name, or null
     * @param features (numFeatures)
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Example(@Nullable String label, float[] features) {}

    /** What it is, in a few words. */
    String description();

    int numFeatures();

    /** Class names by index. */
    List<String> classes();

    /** Number of examples. */
    long size();

    /** The examples from the first on. */
    Examples examples();

    /** An iterator that holds something open. */
    interface Examples extends Iterator<Example>, AutoCloseable {
        @Override
        void close();
    }
}
