package io.freshet.local.images;

import io.freshet.local.cli.UserException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Normalisation of pixels to a network's inputs: of each colour, in the range 0 to 1, the mean is
 * subtracted, and the result is divided by the standard deviation. In torchvision {@code
 * ToTensor()} and {@code Normalize(mean, std)}.
 *
 * @param mean mean of red, green and blue
 * @param deviation standard deviation of red, green and blue, above 0
 */
record Normalisation(List<Float> mean, List<Float> deviation) {
    private static final float MAX = 255;

    Normalisation {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
    }

    /**
     * Creates a normalisation of values from the command line.
     *
     * @throws UserException if there are not three values each, or if one is invalid
     */
    static Normalisation of(List<Float> mean, List<Float> deviation) {
        check("--mean", mean, Float.NEGATIVE_INFINITY);
        check("--std", deviation, 0);
        return new Normalisation(mean, deviation);
    }

    private static void check(String option, List<Float> values, float above) {
        boolean valid = values.stream().allMatch(value -> Float.isFinite(value) && value > above);
        if (values.size() != RgbImage.CHANNELS || !valid) {
            throw new UserException(
                    option
                            + ": three numbers"
                            + (above == 0 ? " above 0" : "")
                            + " were expected, for red, green and blue");
        }
    }

    /** Adds an image to a network's input: (3, height, width). */
    void write(RgbImage image, FloatBuffer input) {
        for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
            float centre = mean.get(channel);
            float scale = deviation.get(channel);
            for (int y = 0; y < image.height(); y++) {
                for (int x = 0; x < image.width(); x++) {
                    input.put((image.value(x, y, channel) / MAX - centre) / scale);
                }
            }
        }
    }
}
