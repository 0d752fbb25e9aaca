package io.freshet.local.stream;

import io.freshet.text.QuotedList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finite, repeatable stream of labelled examples. */
public interface LabelledStream {
    /**
     * Example of a stream.
     *
     * @param label class name; null if unlabelled
     * @param features (numFeatures), or (columns) those that are not 0
     * @param columns indices of the features that are not 0; null if all are given
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Example(@Nullable String label, float[] features, int @Nullable [] columns) {
        /** Creates an example with all features. */
        public Example(@Nullable String label, float[] features) {
            this(label, features, null);
        }
    }

    /** Returns a short description. */
    String description();

    /** Returns the number of features of an example. */
    int numFeatures();

    /** Returns the class names, by index. */
    List<String> classes();

    /** Returns the number of examples. */
    long size();

    /** Returns an iterator over the examples, from the first. */
    Items<Example> examples();

    /** Returns the settings of a job that learns from the stream's messages. */
    default Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("num-features", Integer.toString(numFeatures()));
        settings.put("classes", QuotedList.format(classes()));
        return settings;
    }

    /** Returns an iterator over the messages of the examples, as they are sent to Kafka. */
    default Items<byte[]> messages() {
        Items<Example> examples = examples();
        return new Items<>() {
            private long index;

            @Override
            public boolean hasNext() {
                return examples.hasNext();
            }

            @Override
            public byte[] next() {
                try {
                    return LabelledEvents.encode(Long.toString(index++), examples.next());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public void close() {
                examples.close();
            }
        };
    }

    /** Iterator that must be closed. */
    interface Items<T> extends Iterator<T>, AutoCloseable {
        @Override
        void close();
    }
}
