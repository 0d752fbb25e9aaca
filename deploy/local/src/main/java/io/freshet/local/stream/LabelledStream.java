package io.freshet.local.stream;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finite, repeatable stream of labelled examples. */
public interface LabelledStream {
    /**
     * Example of a stream.
     *
     * @param label class name; null if unlabelled
     * @param features (numFeatures)
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Example(@Nullable String label, float[] features) {}

    /** Returns a short description. */
    String description();

    /** Returns the number of features of an example. */
    int numFeatures();

    /** Returns the class names, by index. */
    List<String> classes();

    /** Returns the number of examples. */
    long size();

    /** Returns an iterator over the examples, from the first. */
    Examples examples();

    /** Iterator over examples that must be closed. */
    interface Examples extends Iterator<Example>, AutoCloseable {
        @Override
        void close();
    }
}
