package io.freshet.local.images;

/**
 * Bicubic resampling of an image to a fixed size, to the same bytes as the Python library Pillow
 * ({@code Image.resize} with {@code BICUBIC}).
 *
 * <p>The kernel is Keys' with a = −0.5, stretched when the image becomes smaller. Weights beyond
 * the border are left out and the others normalised. Rows are resampled first, then columns; each
 * time weights are rounded to {@value #PRECISION} bits after the binary point and the results to 8
 * bits. Computing in float instead changes the outputs of a network visibly.
 *
 * <p>Source: Robert Keys, "Cubic convolution interpolation for digital image processing", IEEE
 * Transactions on Acoustics, Speech and Signal Processing 29, 1981.
 */
final class BicubicResize {
    private static final int PRECISION = 22;
    private static final double A = -0.5;
    private static final double RADIUS = 2;
    private static final int MAX = 255;

    private final int width;
    private final int height;

    /**
     * @param width width of the results in pixels
     * @param height height of the results in pixels
     */
    BicubicResize(int width, int height) {
        this.width = width;
        this.height = height;
    }

    /** Returns an image in this size; the image itself if it has the size. */
    RgbImage apply(RgbImage image) {
        RgbImage wide = image.width() == width ? image : resizeRows(image);
        return wide.height() == height ? wide : resizeColumns(wide);
    }

    private RgbImage resizeRows(RgbImage image) {
        Weights weights = Weights.of(image.width(), width);
        byte[] pixels = new byte[RgbImage.CHANNELS * width * image.height()];
        int at = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < width; x++) {
                for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
                    int sum = 1 << (PRECISION - 1);
                    for (int i = 0; i < weights.count(x); i++) {
                        sum += image.value(weights.first(x) + i, y, channel) * weights.weight(x, i);
                    }
                    pixels[at++] = clip(sum);
                }
            }
        }
        return new RgbImage(width, image.height(), pixels);
    }

    private RgbImage resizeColumns(RgbImage image) {
        Weights weights = Weights.of(image.height(), height);
        byte[] pixels = new byte[RgbImage.CHANNELS * image.width() * height];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < image.width(); x++) {
                for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
                    int sum = 1 << (PRECISION - 1);
                    for (int i = 0; i < weights.count(y); i++) {
                        sum += image.value(x, weights.first(y) + i, channel) * weights.weight(y, i);
                    }
                    pixels[at++] = clip(sum);
                }
            }
        }
        return new RgbImage(image.width(), height, pixels);
    }

    private static byte clip(int sum) {
        return (byte) Math.max(0, Math.min(MAX, sum >> PRECISION));
    }

    /**
     * Weights of the pixels along one axis.
     *
     * @param firsts (size after) index of the first pixel that counts for each result
     * @param values (size after, number of weights) weights in units of 2^-{@value #PRECISION}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Weights(int[] firsts, int[][] values) {
        static Weights of(int before, int after) {
            double scale = (double) before / after;
            double stretch = Math.max(1, scale);
            double support = RADIUS * stretch;
            int[] firsts = new int[after];
            int[][] values = new int[after][];
            for (int i = 0; i < after; i++) {
                double centre = (i + 0.5) * scale;
                int first = Math.max(0, (int) (centre - support + 0.5));
                int end = Math.min(before, (int) (centre + support + 0.5));
                double[] weights = new double[end - first];
                double sum = 0;
                for (int w = 0; w < weights.length; w++) {
                    weights[w] = kernel((w + first - centre + 0.5) * (1 / stretch));
                    sum += weights[w];
                }
                firsts[i] = first;
                values[i] = new int[weights.length];
                for (int w = 0; w < weights.length; w++) {
                    double weight = weights[w] * (1 / sum) * (1 << PRECISION);
                    values[i][w] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
                }
            }
            return new Weights(firsts, values);
        }

        private static double kernel(double distance) {
            double x = Math.abs(distance);
            if (x < 1) {
                return ((A + 2) * x - (A + 3)) * x * x + 1;
            } else if (x < RADIUS) {
                return (((x - 5) * x + 8) * x - 4) * A;
            }
            return 0;
        }

        int first(int result) {
            return firsts[result];
        }

        int count(int result) {
            return values[result].length;
        }

        int weight(int result, int index) {
            return values[result][index];
        }
    }
}
