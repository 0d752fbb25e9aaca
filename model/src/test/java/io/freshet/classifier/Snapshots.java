package io.freshet.classifier;

import io.freshet.schemas.Audit;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import io.freshet.schemas.Tally;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Builder of the records of random snapshots for tests, and the plain computation of the
 * probabilities of any snapshot.
 */
public final class Snapshots {
    final int numFeatures;
    final List<String> classes;
    final int numOutputs;
    final String activation;
    final double[] rates;
    final double[] weights;
    final float[] parameters;
    final double[] mean;
    final double[] variance;
    final float[] limit;
    String missing = "dead-letter";
    private long version = 7;
    private String modelId = "m";

    /** Of a sparse model the columns and scales; else null. */
    int[] columns;

    float[] scales = {};
    float scaleLimit;

    /** Draws a model. */
    public Snapshots(
            long seed,
            int numFeatures,
            int numClasses,
            int numOutputs,
            String activation,
            int numRates,
            boolean scaled) {
        Random random = new Random(seed);
        this.numFeatures = numFeatures;
        this.numOutputs = numOutputs;
        this.activation = activation;
        classes = new ArrayList<>();
        for (int c = 0; c < numClasses; c++) {
            classes.add("class " + c);
        }
        rates = new double[numRates];
        weights = new double[numRates];
        for (int r = 0; r < numRates; r++) {
            rates[r] = Math.pow(10, r - numRates);
            weights[r] = random.nextDouble();
        }
        parameters = floats(random, numRates * (numFeatures + 1) * numOutputs);
        mean = scaled ? random.doubles(numFeatures, -5, 5).toArray() : null;
        variance = scaled ? random.doubles(numFeatures, 0.1, 9).toArray() : null;
        limit = floats(random, scaled ? numFeatures : 0);
        for (int f = 0; f < limit.length; f++) {
            limit[f] = 1 + Math.abs(limit[f]);
        }
        if (scaled) {
            variance[numFeatures / 2] = 0;
        }
    }

    private Snapshots(ModelSnapshotEvent record) {
        numFeatures = record.getNumFeatures();
        numOutputs = record.getNumOutputs();
        activation = record.getActivation();
        classes = record.getClasses();
        List<Expert> experts = record.getExperts();
        rates = new double[Math.max(1, experts.size())];
        weights = new double[rates.length];
        for (int r = 0; r < experts.size(); r++) {
            rates[r] = experts.get(r).getLearningRate();
            weights[r] = experts.get(r).getWeight();
        }
        parameters = floats(record.getParameters());
        ScalerSnapshot scaler = record.getScaler();
        mean = scaler == null ? null : doubles(scaler.getMean());
        variance = scaler == null ? null : doubles(scaler.getVariance());
        limit = scaler == null ? new float[0] : floats(scaler.getLimit());
        version = record.getModelVersion();
        modelId = record.getModelId();
    }

    /** Returns a published snapshot of a dense model that is one record and has no baselines. */
    public static Snapshots of(ModelSnapshotEvent record) {
        if (record.getChunks() != 1 || !record.getColumns().isEmpty()) {
            throw new IllegalArgumentException("not the one record of a dense model");
        }
        return new Snapshots(record);
    }

    static double[] doubles(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    static float[] floats(List<Float> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i);
        }
        return floats;
    }

    /** Sets the version of the model. */
    public Snapshots version(long newVersion) {
        version = newVersion;
        return this;
    }

    /** Sets the id of the model. */
    public Snapshots model(String id) {
        modelId = id;
        return this;
    }

    static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Makes the model sparse: with these columns, and the bias last. */
    public Snapshots sparse(Random random, int[] ascending, boolean isScaled, float newLimit) {
        columns = ascending.clone();
        scales = new float[isScaled ? columns.length : 0];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = columns[i] == numFeatures ? 1 : 0.5f + random.nextFloat();
        }
        scaleLimit = newLimit;
        return this;
    }

    private int width() {
        return rates.length * numOutputs;
    }

    private int numParameters() {
        return columns == null ? parameters.length : columns.length * width();
    }

    /** Returns the records with at most this number of parameters each. */
    public List<ModelSnapshotEvent> records(int chunkSize) {
        int size = columns == null ? chunkSize : Math.max(1, chunkSize / width()) * width();
        int chunks = Math.max(1, (numParameters() + size - 1) / size);
        List<ModelSnapshotEvent> records = new ArrayList<>();
        for (int chunk = 0; chunk < chunks; chunk++) {
            records.add(record(chunk, chunks, size));
        }
        return records;
    }

    private ModelSnapshotEvent record(int chunk, int chunks, int size) {
        int from = chunk * size;
        int to = Math.min(from + size, numParameters());
        List<Float> part = new ArrayList<>();
        for (int i = from; i < to; i++) {
            part.add(parameters[i]);
        }
        List<Integer> partColumns = new ArrayList<>();
        List<Float> partScales = new ArrayList<>();
        for (int row = from / width(); columns != null && row < to / width(); row++) {
            partColumns.add(columns[row]);
            if (scales.length > 0) {
                partScales.add(scales[row]);
            }
        }
        boolean first = chunk == 0;
        return ModelSnapshotEvent.newBuilder()
                .setModelId(modelId)
                .setModelVersion(version)
                .setTimestamp(Instant.ofEpochMilli(1000))
                .setChunk(chunk)
                .setChunks(chunks)
                .setContentHash(hash())
                .setNumFeatures(numFeatures)
                .setClasses(first ? classes : List.of())
                .setParameterOffset(from)
                .setParameters(part)
                .setScaler(first && mean != null && columns == null ? scaler() : null)
                .setProvenance(first ? provenance() : null)
                .setExperts(first && rates.length > 1 ? experts() : List.of())
                .setActivation(activation)
                .setNumOutputs(numOutputs)
                .setJob("job")
                .setEpoch(2)
                .setColumns(partColumns)
                .setScales(partScales)
                .setScaleLimit(scaleLimit)
                .build();
    }

    private ScalerSnapshot scaler() {
        List<Float> limits = new ArrayList<>();
        for (float value : limit) {
            limits.add(value);
        }
        return new ScalerSnapshot(9L, list(mean), list(variance), limits);
    }

    private static List<Double> list(double[] values) {
        List<Double> list = new ArrayList<>();
        for (double value : values) {
            list.add(value);
        }
        return list;
    }

    private Provenance provenance() {
        Tally none = new Tally(0L, 0L);
        return new Provenance(
                "1.0",
                900L,
                new Audit(none, none, none, none),
                List.of(),
                Map.of("features.missing", missing),
                List.of());
    }

    private List<Expert> experts() {
        List<Expert> experts = new ArrayList<>();
        for (int r = 0; r < rates.length; r++) {
            experts.add(new Expert("rate " + rates[r], rates[r], weights[r], 0L, null, null, null));
        }
        return experts;
    }

    private String hash() {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        if (columns == null) {
            for (float value : parameters) {
                bytes.putFloat(value);
            }
            if (mean != null) {
                for (double value : mean) {
                    bytes.putDouble(value);
                }
                for (double value : variance) {
                    bytes.putDouble(value);
                }
                for (float value : limit) {
                    bytes.putFloat(value);
                }
            }
        } else {
            for (int row = 0; row < columns.length; row++) {
                bytes.putInt(columns[row]);
                if (scales.length > 0) {
                    bytes.putFloat(scales[row]);
                }
                for (int c = 0; c < width(); c++) {
                    bytes.putFloat(parameters[row * width() + c]);
                }
            }
        }
        if (rates.length > 1) {
            for (double value : weights) {
                bytes.putDouble(value);
            }
        }
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(bytes.flip());
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the probabilities by the definition, in double. */
    public double[] probabilities(double[] features) {
        double[] mixed = new double[numOutputs];
        double sumOfWeights = 0;
        for (int r = 0; r < rates.length; r++) {
            double weight = mixture(r);
            sumOfWeights += weight;
            double[] logits = new double[numOutputs];
            double sum = 0;
            for (int c = 0; c < numOutputs; c++) {
                logits[c] = logit(r, c, features);
                sum += Math.exp(logits[c]);
            }
            for (int c = 0; c < numOutputs; c++) {
                mixed[c] +=
                        weight
                                * (activation.equals("softmax")
                                        ? Math.exp(logits[c]) / sum
                                        : 1 / (1 + Math.exp(-logits[c])));
            }
        }
        for (int c = 0; c < numOutputs; c++) {
            mixed[c] /= sumOfWeights;
        }
        return numOutputs == 1 ? new double[] {1 - mixed[0], mixed[0]} : mixed;
    }

    private double logit(int rate, int output, double[] features) {
        if (columns == null) {
            double logit = 0;
            for (int f = 0; f <= numFeatures; f++) {
                logit += term(rate, output, f, features);
            }
            return logit;
        }
        double logit = 0;
        for (int row = 0; row < columns.length; row++) {
            double value = columns[row] == numFeatures ? 1 : features[columns[row]];
            if (scales.length > 0) {
                value /= scales[row];
            }
            if (scaleLimit > 0 && columns[row] != numFeatures) {
                value = Math.max(-scaleLimit, Math.min(scaleLimit, value));
            }
            logit += value * parameters[row * width() + rate * numOutputs + output];
        }
        return logit;
    }

    /** Returns a term of a logit of a dense model; after those of the features comes the bias. */
    private double term(int rate, int output, int feature, double[] features) {
        double value = feature == numFeatures ? 1 : scaled(feature, features[feature]);
        return value * parameters[(rate * (numFeatures + 1) + feature) * numOutputs + output];
    }

    /**
     * Returns the sum of the magnitudes of a logit's terms in a dense model, to which errors of
     * rounding are relative: the largest of the outputs, as the mean over the learning rates with
     * the weights of the mixture.
     */
    public double magnitude(double[] features) {
        double mean = 0;
        double sumOfWeights = 0;
        for (int r = 0; r < rates.length; r++) {
            double largest = 0;
            for (int c = 0; c < numOutputs; c++) {
                double sum = 0;
                for (int f = 0; f <= numFeatures; f++) {
                    sum += Math.abs(term(r, c, f, features));
                }
                largest = Math.max(largest, sum);
            }
            mean += mixture(r) * largest;
            sumOfWeights += mixture(r);
        }
        return mean / sumOfWeights;
    }

    private double mixture(int rate) {
        return rates.length == 1 ? 1 : weights[rate];
    }

    private double scaled(int feature, double value) {
        if (mean == null) {
            return value;
        }
        if (variance[feature] == 0 || Double.isNaN(value)) {
            return 0;
        }
        double scaled = (value - mean[feature]) / Math.sqrt(variance[feature]);
        return Math.max(-limit[feature], Math.min(limit[feature], scaled));
    }
}
