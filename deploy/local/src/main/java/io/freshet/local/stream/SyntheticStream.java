package io.freshet.local.stream;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Seeded stream of Gaussian classes whose centres jump at known positions: abrupt drifts, after
 * each of which the learner has to adapt.
 *
 * <p>The centre of each class in each of the four regimes is drawn from a standard normal
 * distribution. Examples are drawn around it with standard deviation 1.5 in every feature.
 */
final class SyntheticStream implements LabelledStream {
    static final int DEFAULT_SIZE = 100_000;

    private static final int FEATURES = 10;
    private static final List<String> CLASSES =
            List.of("amber", "blue", "coral", "green", "violet");
    private static final double SPREAD = 1.5;
    private static final int REGIMES = 4;

    private final long seed;
    private final long size;

    SyntheticStream(long seed, long size) {
        this.seed = seed;
        this.size = size;
    }

    @Override
    public String description() {
        return "a synthetic stream with drifts";
    }

    @Override
    public int numFeatures() {
        return FEATURES;
    }

    @Override
    public List<String> classes() {
        return CLASSES;
    }

    @Override
    public long size() {
        return size;
    }

    /** Returns the indices of the examples at which the centres jump. */
    List<Long> drifts() {
        return IntStream.range(1, REGIMES).mapToObj(regime -> regime * size / REGIMES).toList();
    }

    @Override
    public Items<Example> examples() {
        Random random = new Random(seed);
        double[][][] centres = new double[REGIMES][CLASSES.size()][FEATURES];
        for (double[][] regime : centres) {
            for (double[] centre : regime) {
                for (int j = 0; j < FEATURES; j++) {
                    centre[j] = random.nextGaussian();
                }
            }
        }
        return new Items<>() {
            private long next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public Example next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int label = random.nextInt(CLASSES.size());
                double[] centre = centres[(int) (next * REGIMES / size)][label];
                float[] features = new float[FEATURES];
                for (int j = 0; j < FEATURES; j++) {
                    features[j] = (float) (centre[j] + SPREAD * random.nextGaussian());
                }
                next++;
                return new Example(CLASSES.get(label), features);
            }

            @Override
            public void close() {}
        };
    }
}
