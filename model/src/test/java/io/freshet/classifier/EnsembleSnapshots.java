package io.freshet.classifier;

import io.freshet.ensemble.SplitMix64;
import io.freshet.schemas.Audit;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.EnsembleTraining;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import io.freshet.schemas.Tally;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Builder of the records of random ensembles for tests, and the plain computation of their
 * probabilities in double, as the formulas say it.
 */
public final class EnsembleSnapshots {
    private static final int CELLS = 260;
    private static final int TESTS = 8;
    private static final int RECENT = 32;

    final int numFeatures;
    final int numClasses;
    final int numRates;
    final int numExperts;
    final int ferns;
    final int dimensions;
    Map<String, String> settings = Map.of();

    /** Whether the records have what only a learner needs. */
    private boolean hasTraining;

    /** (rates, numFeatures + 1, numClasses). */
    private final float[] linear;

    /** (ferns × 260, 2, numClasses). */
    private final float[] cells;

    /** (examples, dimensions). */
    private final float[] examples;

    /** Features and thresholds of the tests; empty for the random ones. */
    private final int[] testFeatures;

    private final float[] testThresholds;

    private final int[] labels;
    private final float[] featureWeights;
    private final float[] labelPredictions;
    private final double[] mixture;
    private final double[] stack;
    private final double[] correction;
    private final double[] answers;
    private final double[] mean;
    private final double[] variance;
    private final float[] limit;

    /** (cells, 2) sums of squared gradients, then the counts of labels. */
    private final float[] training;

    private final double[] mixtureState;
    private final double[] answersState;
    private final double[] stackCovariance;
    private final double[] correctionCovariance;

    /**
     * Draws an ensemble, of which every second one has chosen tests.
     *
     * @param seed if it is even, tests are chosen
     * @param labelExperts whether experts predict from labels alone
     * @param window number of examples in the window
     * @param scaled whether features are scaled, and clipped
     */
    public EnsembleSnapshots(
            long seed,
            int numFeatures,
            int numClasses,
            int numRates,
            boolean labelExperts,
            int window,
            boolean scaled) {
        Random random = new Random(seed);
        this.numFeatures = numFeatures;
        this.numClasses = numClasses;
        this.numRates = numRates;
        numExperts = numRates + 4 + (labelExperts ? 3 : 0);
        ferns = Math.min(64, Math.max(16, 4096 / numClasses));
        dimensions = Math.min(64, numFeatures);
        linear = Snapshots.floats(random, numRates * (numFeatures + 1) * numClasses);
        cells = Snapshots.floats(random, ferns * CELLS * 2 * numClasses);
        for (int i = 0; i < cells.length; i++) {
            cells[i] = random.nextInt(3) == 0 ? 0 : 0.2f * cells[i];
        }
        testFeatures = random.ints(seed % 2 == 0 ? ferns * TESTS : 0, 0, numFeatures).toArray();
        testThresholds = Snapshots.floats(random, testFeatures.length);
        labels = random.ints(window, 0, numClasses).toArray();
        featureWeights = new float[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            featureWeights[f] = (float) Math.pow(0.2 + random.nextDouble(), 3);
        }
        examples = new float[window * dimensions];
        for (int i = 0; i < window; i++) {
            double[] x = new double[numFeatures];
            Arrays.setAll(x, f -> random.nextGaussian());
            double[] point = project(x);
            for (int d = 0; d < dimensions; d++) {
                examples[i * dimensions + d] = (float) point[d];
            }
        }
        labelPredictions = new float[labelExperts ? 3 * numClasses : 0];
        for (int from = 0; from < labelPredictions.length; from += numClasses) {
            double[] shares = shares(random, numClasses);
            for (int c = 0; c < numClasses; c++) {
                labelPredictions[from + c] = (float) shares[c];
            }
        }
        if (labelExperts) {
            labelPredictions[0] += labelPredictions[numClasses - 1];
            labelPredictions[numClasses - 1] = 0;
        }
        mixture = shares(random, numExperts);
        stack = random.doubles(numExperts, -0.2, 0.6).toArray();
        correction = random.doubles(numExperts, -0.3, 0.3).toArray();
        answers = shares(random, 3);
        mean = scaled ? random.doubles(numFeatures, -5, 5).toArray() : new double[0];
        variance = scaled ? random.doubles(numFeatures, 0.1, 9).toArray() : new double[0];
        limit = new float[mean.length];
        Arrays.fill(limit, 2.5f);
        if (scaled) {
            variance[numFeatures / 2] = 0;
        }
        training =
                Snapshots.floats(
                        random,
                        ferns * CELLS * 2 + (labelExperts ? (numClasses + 2) * numClasses : 0));
        for (int i = 0; i < training.length; i++) {
            training[i] = 0.01f + Math.abs(training[i]);
        }
        int covariances = numExperts * numExperts;
        mixtureState = random.doubles(2L * (numExperts + 1), 0.1, 1).toArray();
        answersState = random.doubles(3L * 4, 0.1, 1).toArray();
        stackCovariance = random.doubles(covariances, -1, 1).toArray();
        correctionCovariance = random.doubles(covariances, -1, 1).toArray();
    }

    private EnsembleSnapshots(ModelSnapshotEvent first, float[] parameters) {
        EnsembleSnapshot ensemble = first.getEnsemble();
        numFeatures = first.getNumFeatures();
        numClasses = first.getNumOutputs();
        numExperts = first.getExperts().size();
        numRates =
                (int)
                        first.getExperts().stream()
                                .filter(expert -> expert.getLearningRate() != null)
                                .count();
        ferns = ensemble.getFerns();
        dimensions = ensemble.getDimensions();
        testFeatures = ensemble.getTestFeatures().stream().mapToInt(Integer::intValue).toArray();
        testThresholds = Snapshots.floats(ensemble.getTestThresholds());
        labels = ensemble.getLabels().stream().mapToInt(Integer::intValue).toArray();
        int cellsAt = numRates * (numFeatures + 1) * numClasses;
        int examplesAt = cellsAt + ferns * CELLS * 2 * numClasses;
        linear = Arrays.copyOf(parameters, cellsAt);
        cells = Arrays.copyOfRange(parameters, cellsAt, examplesAt);
        examples =
                Arrays.copyOfRange(parameters, examplesAt, examplesAt + labels.length * dimensions);
        featureWeights = Snapshots.floats(ensemble.getFeatureWeights());
        labelPredictions = Snapshots.floats(ensemble.getLabelPredictions());
        mixture = normalised(first.getExperts().stream().mapToDouble(Expert::getWeight).toArray());
        stack = Snapshots.doubles(ensemble.getStack());
        correction = Snapshots.doubles(ensemble.getCorrection());
        answers = normalised(Snapshots.doubles(ensemble.getAnswers()));
        ScalerSnapshot scaler = first.getScaler();
        mean = scaler == null ? new double[0] : Snapshots.doubles(scaler.getMean());
        variance = scaler == null ? new double[0] : Snapshots.doubles(scaler.getVariance());
        limit = scaler == null ? new float[0] : Snapshots.floats(scaler.getLimit());
        training = new float[0];
        mixtureState = new double[0];
        answersState = new double[0];
        stackCovariance = new double[0];
        correctionCovariance = new double[0];
    }

    /**
     * Returns a published ensemble whose scaler, if any, clips.
     *
     * @param records its records, by chunk. Not modified.
     */
    public static EnsembleSnapshots of(List<ModelSnapshotEvent> records) {
        List<Float> parameters =
                records.stream().flatMap(record -> record.getParameters().stream()).toList();
        return new EnsembleSnapshots(records.get(0), Snapshots.floats(parameters));
    }

    private static double[] shares(Random random, int count) {
        double[] shares = random.doubles(count, 0.1, 1).toArray();
        double sum = Arrays.stream(shares).sum();
        return Arrays.stream(shares).map(share -> share / sum).toArray();
    }

    // The records.

    /** Adds what only a learner needs to the records, and returns this. */
    public EnsembleSnapshots withTraining() {
        hasTraining = true;
        return this;
    }

    /** Returns what the content of the records has for a learner. */
    TrainingContent training() {
        int sums = ferns * CELLS * 2;
        return new TrainingContent(
                Arrays.copyOf(training, sums),
                Arrays.copyOfRange(training, sums, training.length),
                labels.length,
                labels.length + 32L,
                numClasses - 1,
                mixtureState,
                answersState,
                stackCovariance,
                correctionCovariance);
    }

    private float[] parameters() {
        int predicting = linear.length + cells.length + examples.length;
        int length = predicting + (hasTraining ? training.length : 0);
        float[] all = Arrays.copyOf(linear, length);
        System.arraycopy(cells, 0, all, linear.length, cells.length);
        System.arraycopy(examples, 0, all, linear.length + cells.length, examples.length);
        System.arraycopy(training, 0, all, predicting, length - predicting);
        return all;
    }

    /** Returns the records with at most this number of parameters each. */
    public List<ModelSnapshotEvent> records(int chunkSize) {
        float[] parameters = parameters();
        String hash = hash(parameters);
        int chunks = (parameters.length + chunkSize - 1) / chunkSize;
        List<ModelSnapshotEvent> records = new ArrayList<>();
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = chunk * chunkSize;
            int to = Math.min(from + chunkSize, parameters.length);
            boolean first = chunk == 0;
            records.add(
                    ModelSnapshotEvent.newBuilder()
                            .setModelId("m")
                            .setModelVersion(7)
                            .setTimestamp(null)
                            .setChunk(chunk)
                            .setChunks(chunks)
                            .setContentHash(hash)
                            .setNumFeatures(numFeatures)
                            .setClasses(first ? classes() : List.of())
                            .setParameterOffset(from)
                            .setParameters(list(Arrays.copyOfRange(parameters, from, to)))
                            .setScaler(first && mean.length > 0 ? scaler() : null)
                            .setProvenance(first ? provenance() : null)
                            .setExperts(first ? experts() : List.of())
                            .setActivation("softmax")
                            .setNumOutputs(numClasses)
                            .setEnsemble(first ? ensemble() : null)
                            .build());
        }
        return records;
    }

    private List<String> classes() {
        return IntStream.range(0, numClasses).mapToObj(c -> "class " + c).toList();
    }

    private ScalerSnapshot scaler() {
        return new ScalerSnapshot(9L, list(mean), list(variance), list(limit));
    }

    private Provenance provenance() {
        Tally none = new Tally(0L, 0L);
        return new Provenance(
                "1.0", 900L, new Audit(none, none, none, none), List.of(), settings, List.of());
    }

    private List<Expert> experts() {
        List<String> others =
                List.of(
                        "ferns, forgetting",
                        "ferns",
                        "nearest of 32",
                        "nearest of 1024",
                        "no-change",
                        "frequencies",
                        "recent frequencies");
        List<Expert> experts = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            experts.add(
                    new Expert(
                            e < numRates ? "rate " + e : others.get(e - numRates),
                            e < numRates ? 1.0 / (e + 1) : null,
                            mixture[e],
                            0L,
                            stack[e],
                            correction[e],
                            0.125 * e));
        }
        return experts;
    }

    private EnsembleSnapshot ensemble() {
        return new EnsembleSnapshot(
                ferns,
                dimensions,
                new ArrayList<>(Arrays.stream(testFeatures).boxed().toList()),
                list(testThresholds),
                new ArrayList<>(Arrays.stream(labels).boxed().toList()),
                list(featureWeights),
                list(labelPredictions),
                list(stack),
                list(correction),
                list(answers),
                hasTraining
                        ? new EnsembleTraining(
                                training.length,
                                (long) labels.length,
                                labels.length + 32L,
                                numClasses - 1,
                                list(mixtureState),
                                list(answersState),
                                list(stackCovariance),
                                list(correctionCovariance))
                        : null);
    }

    private static List<Float> list(float[] values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    private static List<Double> list(double[] values) {
        return new ArrayList<>(Arrays.stream(values).boxed().toList());
    }

    private String hash(float[] parameters) {
        ByteBuffer bytes =
                ByteBuffer.allocate(
                                4 * (parameters.length + labelPredictions.length + labels.length)
                                        + 8 * testFeatures.length
                                        + 24 * (numFeatures + numExperts + 1)
                                        + 16 * (numExperts + 2) * (numExperts + 2))
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (float value : parameters) {
            bytes.putFloat(value);
        }
        putAll(bytes, mean);
        putAll(bytes, variance);
        for (float value : limit) {
            bytes.putFloat(value);
        }
        putAll(bytes, mixture);
        for (int feature : testFeatures) {
            bytes.putInt(feature);
        }
        for (float threshold : testThresholds) {
            bytes.putFloat(threshold);
        }
        for (int label : labels) {
            bytes.putInt(label);
        }
        for (float value : featureWeights) {
            bytes.putFloat(value);
        }
        for (float value : labelPredictions) {
            bytes.putFloat(value);
        }
        putAll(bytes, stack);
        putAll(bytes, correction);
        putAll(bytes, answers);
        if (hasTraining) {
            putAll(bytes, mixtureState);
            putAll(bytes, answersState);
            putAll(bytes, stackCovariance);
            putAll(bytes, correctionCovariance);
            bytes.putLong(labels.length).putLong(labels.length + 32L).putInt(numClasses - 1);
        }
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(bytes.flip());
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void putAll(ByteBuffer bytes, double[] values) {
        for (double value : values) {
            bytes.putDouble(value);
        }
    }

    // The probabilities by the definition.

    /** Returns the probabilities of an example. */
    public double[] probabilities(float[] features) {
        double[] x = new double[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            x[f] = (float) scaled(f, features[f]);
        }
        double[][] experts = new double[numExperts][];
        for (int rate = 0; rate < numRates; rate++) {
            experts[rate] = linear(rate, x);
        }
        int[] active = active(x);
        experts[numRates] = ferns(0, active);
        experts[numRates + 1] = ferns(1, active);
        double[] point = project(x);
        experts[numRates + 2] = nearest(point, RECENT);
        experts[numRates + 3] = nearest(point, labels.length);
        for (int k = 0; k * numClasses < labelPredictions.length; k++) {
            double[] predictions = new double[numClasses];
            for (int c = 0; c < numClasses; c++) {
                predictions[c] = labelPredictions[k * numClasses + c];
            }
            experts[numRates + 4 + k] = predictions;
        }
        return combined(experts);
    }

    private double scaled(int feature, double value) {
        if (mean.length == 0) {
            return value;
        }
        if (variance[feature] == 0 || Double.isNaN(value)) {
            return 0;
        }
        double scaled = (value - mean[feature]) / Math.sqrt(variance[feature]);
        return Math.max(-limit[feature], Math.min(limit[feature], scaled));
    }

    private double[] linear(int rate, double[] x) {
        double[] logits = new double[numClasses];
        for (int c = 0; c < numClasses; c++) {
            for (int f = 0; f <= numFeatures; f++) {
                double value = f == numFeatures ? 1 : x[f];
                logits[c] += value * linear[(rate * (numFeatures + 1) + f) * numClasses + c];
            }
        }
        return softmax(logits);
    }

    private int[] active(double[] x) {
        int[] active = new int[2 * ferns];
        for (int m = 0; m < ferns; m++) {
            int bits = 0;
            for (int j = 0; j < TESTS; j++) {
                long i = 16L * (TESTS * m + j);
                int feature = (int) Long.remainderUnsigned(SplitMix64.output(i), numFeatures);
                double threshold = -6;
                for (int k = 1; k <= 12; k++) {
                    threshold += SplitMix64.uniform(i + k);
                }
                if (testFeatures.length > 0) {
                    feature = testFeatures[TESTS * m + j];
                    threshold = testThresholds[TESTS * m + j];
                }
                bits = 2 * bits + (x[feature] > threshold ? 1 : 0);
            }
            active[2 * m] = CELLS * m + bits / 64;
            active[2 * m + 1] = CELLS * m + 4 + bits;
        }
        return active;
    }

    private double[] ferns(int expert, int[] active) {
        double[] logits = new double[numClasses];
        for (int cell : active) {
            for (int c = 0; c < numClasses; c++) {
                logits[c] += cells[(2 * cell + expert) * numClasses + c];
            }
        }
        return softmax(logits);
    }

    private double[] project(double[] x) {
        double[] point = new double[dimensions];
        for (int f = 0; f < numFeatures; f++) {
            double value = featureWeights[f] * x[f];
            if (numFeatures <= 64) {
                point[f] = value;
                continue;
            }
            for (int d = 0; d < dimensions; d++) {
                boolean positive = SplitMix64.output((1L << 40) + (long) d * numFeatures + f) < 0;
                point[d] += (positive ? 0.125 : -0.125) * value;
            }
        }
        return point;
    }

    private double[] nearest(double[] point, int window) {
        double[] nearest = new double[numClasses];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
        for (int i = Math.max(0, labels.length - window); i < labels.length; i++) {
            double distance = 0;
            for (int d = 0; d < dimensions; d++) {
                distance += Math.pow(point[d] - examples[i * dimensions + d], 2);
            }
            nearest[labels[i]] = Math.min(nearest[labels[i]], distance);
        }
        double floor = 1e-4 * numFeatures;
        double min = Arrays.stream(nearest).min().orElseThrow();
        double[] votes =
                Arrays.stream(nearest)
                        .map(d -> Double.isInfinite(d) ? 0 : (min + floor) / (d + floor))
                        .map(vote -> vote + 0.05 / numClasses)
                        .toArray();
        return normalised(votes);
    }

    private double[] combined(double[][] experts) {
        double[] mixed = new double[numClasses];
        double[] stacked = new double[numClasses];
        double[] corrected = new double[numClasses];
        for (int c = 0; c < numClasses; c++) {
            for (int e = 0; e < numExperts; e++) {
                double log = Math.max(Math.log(experts[e][c]), -9);
                mixed[c] += mixture[e] * experts[e][c];
                stacked[c] += stack[e] * log;
                corrected[c] += correction[e] * log;
            }
            corrected[c] += Math.max(Math.log(mixed[c]), -12);
        }
        double[] b = softmax(stacked);
        double[] a = softmax(corrected);
        double[] answer = new double[numClasses];
        for (int c = 0; c < numClasses; c++) {
            answer[c] = answers[0] * mixed[c] + answers[1] * b[c] + answers[2] * a[c];
        }
        return answer;
    }

    private static double[] softmax(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        return normalised(Arrays.stream(logits).map(z -> Math.exp(z - max)).toArray());
    }

    private static double[] normalised(double[] values) {
        double sum = Arrays.stream(values).sum();
        return Arrays.stream(values).map(value -> value / sum).toArray();
    }
}
