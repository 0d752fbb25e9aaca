package io.freshet.classifier;

import io.freshet.schemas.ModelSnapshotEvent;
import java.util.Arrays;
import java.util.List;

/** Checks of the content of a snapshot, whose failures name the model and its version. */
final class SnapshotChecks {
    private final ModelSnapshotEvent any;

    /**
     * @param any one of the snapshot's records
     */
    SnapshotChecks(ModelSnapshotEvent any) {
        this.any = any;
    }

    /** Returns the failure for a problem, which is a sentence without its end. */
    InvalidSnapshotException invalid(String problem) {
        return new InvalidSnapshotException(
                "Version "
                        + any.getModelVersion()
                        + " of model \""
                        + any.getModelId()
                        + "\" cannot be used: "
                        + problem
                        + ".");
    }

    void requireCount(long found, long expected, String what) throws InvalidSnapshotException {
        if (found != expected) {
            throw invalid("it has " + found + " " + what + "; " + expected + " are expected");
        }
    }

    private void requireFinite(double value, String name) throws InvalidSnapshotException {
        if (!Double.isFinite(value)) {
            throw invalid(name + " is " + value);
        }
    }

    /** Copies finite values to a place in a larger array, and returns where they end. */
    int copy(List<Float> from, float[] to, int start, String name) throws InvalidSnapshotException {
        int at = start;
        for (float value : from) {
            requireFinite(value, name);
            to[at++] = value;
        }
        return at;
    }

    /** Returns as many finite values as expected. */
    float[] floats(List<Float> values, long expected, String what) throws InvalidSnapshotException {
        requireCount(values.size(), expected, what);
        float[] floats = new float[values.size()];
        copy(values, floats, 0, "one of the " + what);
        return floats;
    }

    /** Returns as many values as expected, from 0 to a largest one. */
    float[] floats(List<Float> values, long expected, float max, String what)
            throws InvalidSnapshotException {
        float[] floats = floats(values, expected, what);
        for (float value : floats) {
            if (value < 0 || value > max) {
                throw invalid("one of the " + what + " is " + value);
            }
        }
        return floats;
    }

    /** Returns as many finite values as expected. */
    double[] doubles(List<Double> values, int expected, String what)
            throws InvalidSnapshotException {
        requireCount(values.size(), expected, what);
        double[] doubles = new double[expected];
        for (int i = 0; i < expected; i++) {
            doubles[i] = values.get(i);
            requireFinite(doubles[i], "one of the " + what);
        }
        return doubles;
    }

    /**
     * Returns weights divided by their sum.
     *
     * @param whose those that have the weights, for messages
     */
    double[] shares(double[] weights, String whose) throws InvalidSnapshotException {
        double sum = Arrays.stream(weights).sum();
        if (!(sum > 0 && sum <= Double.MAX_VALUE)
                || Arrays.stream(weights).anyMatch(weight -> weight < 0)) {
            throw invalid(
                    whose
                            + " have the weights "
                            + Arrays.toString(weights)
                            + "; at least one above 0 is expected");
        }
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }
}
