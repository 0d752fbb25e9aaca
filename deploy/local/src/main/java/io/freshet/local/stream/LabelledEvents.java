package io.freshet.local.stream;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.AbstractList;

/** Encoder of examples as events in Freshet's own schema. */
public final class LabelledEvents {
    private LabelledEvents() {}

    /**
     * Returns the event of an example, in single-object encoding, with the current time.
     *
     * @param id id of the event
     */
    public static byte[] encode(String id, LabelledStream.Example example) throws IOException {
        float[] features = example.features();
        ByteBuffer encoded =
                LabelledEvent.newBuilder()
                        .setId(id)
                        .setTimestamp(Instant.ofEpochMilli(System.currentTimeMillis()))
                        .setFeatures(
                                new DenseFeatures(
                                        new AbstractList<>() {
                                            @Override
                                            public Float get(int at) {
                                                return features[at];
                                            }

                                            @Override
                                            public int size() {
                                                return features.length;
                                            }
                                        }))
                        .setLabel(example.label())
                        .build()
                        .toByteBuffer();
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }
}
