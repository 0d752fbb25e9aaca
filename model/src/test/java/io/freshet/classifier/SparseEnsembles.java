package io.freshet.classifier;

import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Builder of the record of a random ensemble of sparse features for tests. */
public final class SparseEnsembles {
    /** Number of features, of which those in {@code COLUMNS} have parameters. */
    public static final int FEATURES = 9;

    /** The columns with parameters, the bias last. */
    public static final List<Integer> COLUMNS = List.of(1, 4, 8, FEATURES);

    private static final int RATES = 4;
    private static final int CLASSES = 3;
    private static final List<String> OTHERS =
            List.of("no-change", "frequencies", "recent frequencies");

    private SparseEnsembles() {}

    /** Returns the only record of an ensemble of four linear and three label experts. */
    public static ModelSnapshotEvent record(long version) {
        Random random = new Random(version);
        int numExperts = RATES + OTHERS.size();
        float[] parameters = Snapshots.floats(random, COLUMNS.size() * RATES * CLASSES);
        float[] scales = {2, 3, 0.5f, 1};
        float[] labelPredictions = new float[OTHERS.size() * CLASSES];
        Arrays.fill(labelPredictions, 1f / CLASSES);
        double[] weights = new double[numExperts];
        Arrays.fill(weights, 1.0 / numExperts);
        double[] stack = random.doubles(numExperts, -0.2, 0.6).toArray();
        double[] correction = random.doubles(numExperts, -0.3, 0.3).toArray();
        double[] answers = {0.25, 0.5, 0.25};
        SnapshotHash hash = new SnapshotHash();
        hash.addRows(COLUMNS.stream().mapToInt(Integer::intValue).toArray(), scales, parameters);
        hash.add(weights);
        hash.add(labelPredictions);
        hash.add(stack);
        hash.add(correction);
        hash.add(answers);
        return ModelSnapshotEvent.newBuilder()
                .setModelId("m")
                .setModelVersion(version)
                .setTimestamp(null)
                .setChunk(0)
                .setChunks(1)
                .setContentHash(hash.hexadecimal())
                .setNumFeatures(FEATURES)
                .setClasses(List.of("a", "b", "c"))
                .setParameterOffset(0)
                .setParameters(list(parameters))
                .setScaler(null)
                .setProvenance(null)
                .setExperts(experts(weights, stack, correction))
                .setActivation("softmax")
                .setNumOutputs(CLASSES)
                .setColumns(COLUMNS)
                .setScales(list(scales))
                .setScaleLimit(6)
                .setEnsemble(
                        new EnsembleSnapshot(
                                0,
                                0,
                                new ArrayList<>(),
                                new ArrayList<>(),
                                new ArrayList<>(),
                                new ArrayList<>(),
                                list(labelPredictions),
                                list(stack),
                                list(correction),
                                list(answers),
                                null))
                .build();
    }

    private static List<Expert> experts(double[] weights, double[] stack, double[] correction) {
        List<Expert> experts = new ArrayList<>();
        for (int e = 0; e < weights.length; e++) {
            boolean isLinear = e < RATES;
            experts.add(
                    new Expert(
                            isLinear ? "rate " + e : OTHERS.get(e - RATES),
                            isLinear ? 1.0 / (e + 1) : null,
                            weights[e],
                            0L,
                            stack[e],
                            correction[e],
                            0.5));
        }
        return experts;
    }

    private static List<Float> list(float[] values) {
        return new ArrayList<>(IntStream.range(0, values.length).mapToObj(i -> values[i]).toList());
    }

    private static List<Double> list(double[] values) {
        return new ArrayList<>(Arrays.stream(values).boxed().toList());
    }
}
