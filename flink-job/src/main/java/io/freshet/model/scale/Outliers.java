package io.freshet.model.scale;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Mutable state by which the outliers of each feature are recognised. {@link OutlierState} is the
 * immutable form, and documents the arrays.
 */
final class Outliers {
    private final int numFeatures;
    final double[] envelopes;
    final int[] runs;
    final long[] clipped;

    /** Null once every feature has had its first values. */
    @Nullable FirstValues first;

    /** The first values of each feature. */
    static final class FirstValues {
        final int[] seen;
        final double[] farthest;
        final double[] farthestWeights;
        final double[] restWeights;
        final double[] restMeans;
        final double[] restSquaredDeviations;

        FirstValues(int numFeatures) {
            this.seen = new int[numFeatures];
            this.farthest = new double[numFeatures];
            this.farthestWeights = new double[numFeatures];
            this.restWeights = new double[numFeatures];
            this.restMeans = new double[numFeatures];
            this.restSquaredDeviations = new double[numFeatures];
        }

        private void set(FirstValues other) {
            set(
                    other.seen,
                    other.farthest,
                    other.farthestWeights,
                    other.restWeights,
                    other.restMeans,
                    other.restSquaredDeviations);
        }

        private void set(
                int[] newSeen,
                double[] newFarthest,
                double[] newFarthestWeights,
                double[] newRestWeights,
                double[] newRestMeans,
                double[] newRestSquaredDeviations) {
            int count = seen.length;
            System.arraycopy(newSeen, 0, seen, 0, count);
            System.arraycopy(newFarthest, 0, farthest, 0, count);
            System.arraycopy(newFarthestWeights, 0, farthestWeights, 0, count);
            System.arraycopy(newRestWeights, 0, restWeights, 0, count);
            System.arraycopy(newRestMeans, 0, restMeans, 0, count);
            System.arraycopy(newRestSquaredDeviations, 0, restSquaredDeviations, 0, count);
        }
    }

    /** Creates the arrays of features without any value. */
    Outliers(int numFeatures) {
        this.numFeatures = numFeatures;
        this.envelopes = new double[numFeatures];
        this.runs = new int[numFeatures];
        this.clipped = new long[numFeatures];
        this.first = new FirstValues(numFeatures);
    }

    /** Returns whether a feature has had fewer than its first values. */
    boolean isFirst(int feature) {
        return first != null && first.seen[feature] < OutlierState.FIRST_VALUES;
    }

    /** Frees the first values if every feature has had as many. */
    void freeFirstValues() {
        if (first == null) {
            return;
        }
        for (int seen : first.seen) {
            if (seen < OutlierState.FIRST_VALUES) {
                return;
            }
        }
        first = null;
    }

    /**
     * Replaces everything.
     *
     * @param other of as many features. Copied.
     */
    void set(Outliers other) {
        System.arraycopy(other.envelopes, 0, envelopes, 0, numFeatures);
        System.arraycopy(other.runs, 0, runs, 0, numFeatures);
        System.arraycopy(other.clipped, 0, clipped, 0, numFeatures);
        if (other.first == null) {
            first = null;
        } else {
            first = first == null ? new FirstValues(numFeatures) : first;
            first.set(other.first);
        }
    }

    /**
     * Replaces everything except the numbers of clipped values, which only increase.
     *
     * @param state of as many features, null if it was saved without it. Copied.
     * @param observed whether the features have had values
     */
    void set(@Nullable OutlierState state, boolean observed) {
        if (state == null) {
            Arrays.fill(envelopes, 0);
            Arrays.fill(runs, 0);
            first = observed ? null : new FirstValues(numFeatures);
            return;
        }
        System.arraycopy(state.envelopes(), 0, envelopes, 0, numFeatures);
        System.arraycopy(state.runs(), 0, runs, 0, numFeatures);
        if (state.seen().length == 0) {
            first = null;
        } else {
            first = new FirstValues(numFeatures);
            first.set(
                    state.seen(),
                    state.farthest(),
                    state.farthestWeights(),
                    state.restWeights(),
                    state.restMeans(),
                    state.restSquaredDeviations());
        }
    }

    /** Returns the state, in new arrays. */
    OutlierState state() {
        FirstValues values = first == null ? new FirstValues(0) : first;
        return new OutlierState(
                envelopes.clone(),
                runs.clone(),
                clipped.clone(),
                values.seen.clone(),
                values.farthest.clone(),
                values.farthestWeights.clone(),
                values.restWeights.clone(),
                values.restMeans.clone(),
                values.restSquaredDeviations.clone());
    }
}
