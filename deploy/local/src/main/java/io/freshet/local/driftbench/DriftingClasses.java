package io.freshet.local.driftbench;

import io.freshet.local.stream.LabelledStream;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Seeded stream of Gaussian classes whose centres change by a {@link DriftPlan}. The number of
 * classes (two to six, in ten dimensions), their spread and the fraction of wrong labels are drawn
 * at random.
 *
 * <p>In an abrupt change, single or recurring, each class moves to the centre of the next, so that
 * a model of the first regime is wrong in the second. A brief change is the same with classes that
 * are far apart and few wrong labels: a model is almost always right, and learns the second regime
 * from a few examples. In a partial change two classes exchange centres. In a gradual or
 * incremental change all centres are new.
 */
final class DriftingClasses implements LabelledStream {
    private static final int FEATURES = 10;
    private static final int MIN_CLASSES = 2;
    private static final int MAX_CLASSES = 6;
    private static final double MIN_SPREAD = 0.8;
    private static final double MAX_SPREAD = 1.8;
    private static final double MAX_WRONG = 0.1;
    private static final double MIN_SPREAD_BRIEF = 0.3;
    private static final double MAX_SPREAD_BRIEF = 0.8;
    private static final double MAX_WRONG_BRIEF = 0.02;

    private final long seed;
    private final DriftPlan plan;
    private final double spread;
    private final double wrong;
    private final double[][] centres;
    private final double[][] nextCentres;

    DriftingClasses(DriftKind kind, long seed) {
        this.seed = seed;
        Random random = new Random(seed);
        this.plan = DriftPlan.draw(kind, random);
        int classes = MIN_CLASSES + random.nextInt(MAX_CLASSES - MIN_CLASSES + 1);
        boolean brief = kind == DriftKind.BRIEF;
        double minSpread = brief ? MIN_SPREAD_BRIEF : MIN_SPREAD;
        double maxSpread = brief ? MAX_SPREAD_BRIEF : MAX_SPREAD;
        this.spread = minSpread + random.nextDouble() * (maxSpread - minSpread);
        this.wrong = random.nextDouble() * (brief ? MAX_WRONG_BRIEF : MAX_WRONG);
        this.centres = centres(classes, random);
        this.nextCentres =
                switch (kind) {
                    case GRADUAL, INCREMENTAL -> centres(classes, random);
                    case PARTIAL -> rotated(2);
                    case STATIONARY, ABRUPT, RECURRING, BRIEF -> rotated(classes);
                };
    }

    /** Returns the centres, the first {@code moved} of them rotated by one. */
    private double[][] rotated(int moved) {
        double[][] rotated = centres.clone();
        for (int c = 0; c < moved; c++) {
            rotated[c] = centres[(c + 1) % moved];
        }
        return rotated;
    }

    private static double[][] centres(int classes, Random random) {
        double[][] centres = new double[classes][FEATURES];
        for (double[] centre : centres) {
            for (int j = 0; j < FEATURES; j++) {
                centre[j] = random.nextGaussian();
            }
        }
        return centres;
    }

    DriftPlan plan() {
        return plan;
    }

    @Override
    public String description() {
        return "a synthetic stream with planted drifts";
    }

    @Override
    public int numFeatures() {
        return FEATURES;
    }

    @Override
    public List<String> classes() {
        return IntStream.range(0, centres.length).mapToObj(Integer::toString).toList();
    }

    @Override
    public long size() {
        return plan.length();
    }

    @Override
    public Items<Example> examples() {
        Random random = new Random(seed + 1);
        List<String> classes = classes();
        return new Items<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < plan.length();
            }

            @Override
            public Example next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                double fraction = plan.secondRegimeFraction(next++, random);
                int label = random.nextInt(centres.length);
                float[] features = new float[FEATURES];
                for (int j = 0; j < FEATURES; j++) {
                    double centre =
                            (1 - fraction) * centres[label][j] + fraction * nextCentres[label][j];
                    features[j] = (float) (centre + spread * random.nextGaussian());
                }
                boolean mistaken = random.nextDouble() < wrong;
                return new Example(
                        classes.get(mistaken ? random.nextInt(centres.length) : label), features);
            }

            @Override
            public void close() {}
        };
    }
}
