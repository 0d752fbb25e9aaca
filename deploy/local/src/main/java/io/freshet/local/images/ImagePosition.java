package io.freshet.local.images;

import java.util.SplittableRandom;

/** Random numbers that depend on the place of an image in its stream alone. */
final class ImagePosition {
    /** Distance of the generators of two positions; odd, and no multiple of a generator's step. */
    private static final long STEP = 0xD1B54A32D192ED03L;

    private ImagePosition() {}

    /**
     * Returns the generator of an image.
     *
     * @param position place of the image in the stream, over all epochs
     */
    static SplittableRandom random(long seed, long position) {
        return new SplittableRandom(new SplittableRandom(seed).nextLong() + position * STEP);
    }
}
