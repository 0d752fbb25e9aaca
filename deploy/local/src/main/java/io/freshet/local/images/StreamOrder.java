package io.freshet.local.images;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Order of the images of a set in each epoch: that of the set, or one that is drawn. */
final class StreamOrder {
    private final List<Integer> indices;
    private final @Nullable Random random;
    private int epoch;

    /**
     * @param size number of images
     * @param seed seed of the orders; null for that of the set in each epoch
     */
    StreamOrder(int size, @Nullable Long seed) {
        indices = new ArrayList<>(IntStream.range(0, size).boxed().toList());
        random = seed == null ? null : new Random(seed);
        shuffle();
    }

    private void shuffle() {
        if (random != null) {
            Collections.shuffle(indices, random);
        }
    }

    /**
     * Returns the index of an image.
     *
     * @param position place in the stream, over all epochs; in no earlier epoch than the last
     */
    int index(long position) {
        int of = (int) (position / indices.size());
        if (of < epoch) {
            throw new IllegalArgumentException("epoch " + of + " after " + epoch);
        }
        for (; epoch < of; epoch++) {
            shuffle();
        }
        return indices.get((int) (position % indices.size()));
    }
}
