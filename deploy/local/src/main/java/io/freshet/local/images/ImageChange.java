package io.freshet.local.images;

import io.freshet.config.Key;
import io.freshet.local.cli.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Change of all images of a stream, as a worse camera or light would make it. */
public enum ImageChange {
    /** Images as they are. */
    NONE("") {
        @Override
        RgbImage apply(RgbImage image, long position) {
            return image;
        }
    },
    /** A fifth of the contrast: each value moves towards the middle of its range. */
    LOW_CONTRAST("low contrast") {
        @Override
        RgbImage apply(RgbImage image, long position) {
            byte[] pixels = new byte[image.pixels().length];
            for (int i = 0; i < pixels.length; i++) {
                double value = image.pixels()[i] & MAX;
                pixels[i] = rounded(MIDDLE + CONTRAST * (value - MIDDLE));
            }
            return new RgbImage(image.width(), image.height(), pixels);
        }
    },
    /** Gaussian noise with a standard deviation of a tenth of the range of values. */
    NOISE("noise") {
        @Override
        RgbImage apply(RgbImage image, long position) {
            SplittableRandom random = ImagePosition.random(NOISE_SEED, position);
            byte[] pixels = new byte[image.pixels().length];
            for (int i = 0; i < pixels.length; i++) {
                double value = image.pixels()[i] & MAX;
                pixels[i] = rounded(value + NOISE_DEVIATION * MAX * random.nextGaussian());
            }
            return new RgbImage(image.width(), image.height(), pixels);
        }
    };

    private static final int MAX = 255;
    private static final double MIDDLE = MAX / 2.0;
    private static final double CONTRAST = 0.2;
    private static final double NOISE_DEVIATION = 0.1;
    private static final long NOISE_SEED = 2;

    private final String text;

    ImageChange(String text) {
        this.text = text;
    }

    private static byte rounded(double value) {
        return (byte) Math.round(Math.max(0, Math.min(MAX, value)));
    }

    /**
     * Returns a changed image; the image itself stays.
     *
     * @param position place of the image in the stream, over all epochs
     */
    abstract RgbImage apply(RgbImage image, long position);

    /** Returns the change in words; empty for none. */
    public String text() {
        return text;
    }

    /**
     * Returns the change that is meant by the value of an option.
     *
     * @throws UserException if there is none
     */
    public static ImageChange of(String option, String value) {
        return Arrays.stream(values())
                .filter(change -> Key.kebab(change).equals(value))
                .findFirst()
                .orElseThrow(
                        () ->
                                new UserException(
                                        option
                                                + " "
                                                + value
                                                + ": must be one of "
                                                + Key.phrase(List.of(values()))));
    }
}
