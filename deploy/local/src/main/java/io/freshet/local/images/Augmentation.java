package io.freshet.local.images;

import java.util.SplittableRandom;

/**
 * Random crop and horizontal flip, as in the tutorials for CIFAR-10: the image is surrounded by
 * {@value #PADDING} black pixels, a part of the image's own size is cut out, and every second image
 * is mirrored. In torchvision {@code RandomCrop(size, padding=4)} and {@code
 * RandomHorizontalFlip()}.
 *
 * @param seed seed of all draws; the draws of an image depend on it and on the image's position
 */
record Augmentation(long seed) {
    /** Width of the border, in pixels. */
    static final int PADDING = 4;

    /**
     * Returns an augmented image.
     *
     * @param position place of the image in the stream, over all epochs
     */
    RgbImage apply(RgbImage image, long position) {
        SplittableRandom random = ImagePosition.random(seed, position);
        int left = random.nextInt(2 * PADDING + 1) - PADDING;
        int top = random.nextInt(2 * PADDING + 1) - PADDING;
        boolean mirrored = random.nextInt(2) == 1;
        int width = image.width();
        int height = image.height();
        byte[] pixels = new byte[image.pixels().length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int fromX = left + (mirrored ? width - 1 - x : x);
                int fromY = top + y;
                if (fromX >= 0 && fromX < width && fromY >= 0 && fromY < height) {
                    System.arraycopy(
                            image.pixels(),
                            RgbImage.CHANNELS * (fromY * width + fromX),
                            pixels,
                            RgbImage.CHANNELS * (y * width + x),
                            RgbImage.CHANNELS);
                }
            }
        }
        return new RgbImage(width, height, pixels);
    }
}
