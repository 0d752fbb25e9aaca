package io.freshet.ingest;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.NamedFeatures;
import io.freshet.schemas.SparseFeatures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Example of a Flink job's own: features and, to train on it, a label.
 *
 * <pre>{@code
 * Example.of(5.1f, 3.5f).label("setosa").build();
 * Example.named(Map.of("age", 31f), Map.of("city", "Oslo")).label("yes").weight(2).build();
 * Example.sparse(new int[] {7, 1_000_000}, new float[] {1, 0.5f}).id("order-17").build();
 * }</pre>
 *
 * <p>It is kept as a {@link LabelledEvent} in Avro's single-object encoding. So it is checked as a
 * message from Kafka is, and if it cannot be used, it becomes a dead letter with these bytes.
 *
 * @param event the example as a {@code LabelledEvent}. Not modified.
 * @param topic topic or other name of the source in which the example has its offset; null if the
 *     pipeline is to number it
 * @param partition its partition; 0 without a topic
 * @param offset its offset; 0 without a topic
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Example(byte[] event, @Nullable String topic, int partition, long offset) {
    /**
     * Returns an example with a value for each feature, by index.
     *
     * @param features as many as {@code num-features}. Not modified.
     */
    public static Builder of(float... features) {
        return new Builder(new DenseFeatures(list(features)));
    }

    /**
     * Returns an example with values for some features, by index; the others are 0.
     *
     * @param indices indices, counted from 0, in any order and none twice. Not modified.
     * @param values as many values. Not modified.
     */
    public static Builder sparse(int[] indices, float[] values) {
        List<Integer> indexList = new ArrayList<>(indices.length);
        for (int index : indices) {
            indexList.add(index);
        }
        return new Builder(new SparseFeatures(indexList, list(values)));
    }

    /**
     * Returns an example with features by name, which needs {@code features.encoding = hashed}. The
     * names are kept in their order as texts, so that equal examples are equal bytes.
     *
     * @param numbers values by name
     * @param categories categories by name
     */
    public static Builder named(Map<String, Float> numbers, Map<String, String> categories) {
        return new Builder(new NamedFeatures(new TreeMap<>(numbers), new TreeMap<>(categories)));
    }

    private static List<Float> list(float[] values) {
        List<Float> list = new ArrayList<>(values.length);
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    /** Builder of an example, with everything but the features optional. */
    public static final class Builder {
        private final LabelledEvent event;
        private @Nullable String topic;
        private int partition;
        private long offset;

        private Builder(Object features) {
            event =
                    LabelledEvent.newBuilder()
                            .setId("")
                            .setTimestamp(Instant.EPOCH)
                            .setFeatures(features)
                            .build();
        }

        /** Sets the class, by name. Without a label the example is predicted. */
        public Builder label(String className) {
            event.setLabel(className);
            return this;
        }

        /** Sets the class, by index in {@code classes}. */
        public Builder label(int index) {
            event.setLabel(index);
            return this;
        }

        /** Sets a value for each class, where {@code label.type} says what they are. */
        public Builder targets(float... values) {
            event.setLabel(list(values));
            return this;
        }

        /** Sets the model that the example belongs to: {@code default} unless it is set. */
        public Builder model(String modelId) {
            event.setModelId(modelId);
            return this;
        }

        /** Sets the id that a prediction carries: empty unless it is set. */
        public Builder id(String id) {
            event.setId(id);
            return this;
        }

        /** Sets the time of the event: 1970-01-01T00:00Z unless it is set. */
        public Builder timestamp(Instant timestamp) {
            event.setTimestamp(timestamp);
            return this;
        }

        /** Sets the example weight: 1 unless it is set. */
        public Builder weight(float weight) {
            event.setWeight(weight);
            return this;
        }

        /**
         * Sets the place in the source that the example was read from, by which the job's results
         * refer to it. Offsets must increase within a partition. Unless it is set, the pipeline
         * numbers the examples of each of its subtasks.
         */
        public Builder readFrom(String sourceTopic, int sourcePartition, long sourceOffset) {
            topic = sourceTopic;
            partition = sourcePartition;
            offset = sourceOffset;
            return this;
        }

        /** Returns the example. */
        public Example build() {
            try {
                ByteBuffer buffer = event.toByteBuffer();
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                return new Example(bytes, topic, partition, offset);
            } catch (IOException e) {
                throw new UncheckedIOException("an event that is in memory was not encoded", e);
            }
        }
    }
}
