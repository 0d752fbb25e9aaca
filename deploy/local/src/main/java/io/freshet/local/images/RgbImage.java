package io.freshet.local.images;

/**
 * Image of 8 bits for each of red, green and blue.
 *
 * @param width number of pixels in a row
 * @param height number of rows
 * @param pixels (height, width, 3), each value unsigned. Not copied; never modified.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RgbImage(int width, int height, byte[] pixels) {
    /** Number of colours. */
    static final int CHANNELS = 3;

    RgbImage {
        if (width < 1 || height < 1 || pixels.length != CHANNELS * width * height) {
            throw new IllegalArgumentException(
                    pixels.length + " values for " + width + " × " + height + " pixels");
        }
    }

    /** Returns a value, 0 to 255. */
    int value(int x, int y, int channel) {
        return pixels[CHANNELS * (y * width + x) + channel] & 0xff;
    }
}
