package io.freshet.model.scale;

import io.freshet.model.scale.Outliers.FirstValues;

/**
 * The moments of one feature in double, with outliers clipped. One object serves all features in
 * turn: {@link #load} a feature, observe its values, {@link #store} it.
 *
 * <p>Each new value {@code x} has weight 1, and the weight of every earlier one is reduced by the
 * fraction {@code g}, 0 without fading. The sum of weights {@code W}, the mean and {@code S = Σ wᵢ
 * (xᵢ − mean)²} change by
 *
 * <pre>{@code
 * W'    = W − g W + 1
 * mean' = mean + (x − mean) / W'
 * S'    = S − g S + (x − mean) (x − mean')
 * }</pre>
 *
 * <p>An outlier is a value farther from the mean than {@code c} standard deviations of the values
 * before it. It is moved to that distance before it is observed. One outlier therefore multiplies
 * {@code S} by at most {@code 1 + c² / W}, whatever its size. Values that are not errors must not
 * stay clipped:
 *
 * <ul>
 *   <li>Rare values. A feature that is mostly constant has a small deviation. Where it is 0, any
 *       value is accepted. The distance of an accepted outlier sets the envelope, within which all
 *       values are accepted: ten times that distance, or {@code √W} times if that is less.
 *   <li>A new level or a larger spread. A counter rises with each outlier and falls with each other
 *       value. While it is at least {@value #PATIENCE}, outliers are accepted.
 * </ul>
 *
 * <p>The first values need care, as an outlier among them would be the measure of all others. Of
 * the first {@value OutlierState#FIRST_VALUES} values, the one that is farthest from the mean of
 * the others is set aside. It is clipped by the deviation of the others, and added to their moments
 * when a farther one comes, or at the end.
 *
 * <p>A NaN is a missing value where those are accepted: it is not observed, and scaled to 0. Any
 * other value that is not finite is no outlier. It makes the moments NaN.
 *
 * <p>Source of the recurrence: West, <i>Updating mean and variance estimates: an improved
 * method</i>, Communications of the ACM 22 (1979).
 */
final class FeatureMoments {
    /** Excess of outliers over other values from which they are taken for a change of the level. */
    static final int PATIENCE = 32;

    /** Largest value of the counter of outliers. */
    private static final int MAX_RUN = 2 * PATIENCE;

    /** Fraction of the envelope beyond which an accepted outlier extends it. */
    static final double ENVELOPE_EXTENSION = 0.75;

    /** Multiple of the distance of an accepted outlier up to which others are accepted. */
    private static final double ENVELOPE = 10;

    /** Relative allowance, divided by the number of values, for a deviation of few values. */
    private static final double FIRST_ALLOWANCE = 16;

    private final double lossPerExample;
    private final double clip;
    private final boolean acceptsMissing;

    // Moments, of all values but the farthest while the first values are observed.
    private double weight;
    private double mean;
    private double squares;

    private double envelope;
    private int run;
    private long clipped;
    private boolean hasMissed;

    private boolean isFirst;
    private int seen;
    private double farthest;
    private double farthestWeight;

    // Moments of all values.
    private double totalWeight;
    private double totalMean;
    private double totalSquares;

    /**
     * @param lossPerExample fraction of its weight that a value loses at each later one
     * @param clip number of standard deviations beyond which a value is an outlier; 0 to clip none
     * @param acceptsMissing whether a NaN is a missing value
     */
    FeatureMoments(double lossPerExample, double clip, boolean acceptsMissing) {
        this.lossPerExample = lossPerExample;
        this.clip = clip;
        this.acceptsMissing = acceptsMissing;
    }

    /**
     * Continues from the moments of a feature.
     *
     * @param moments with outliers if they are to be clipped. Not modified.
     */
    void load(Moments moments, int feature) {
        hasMissed = false;
        weight = moments.weight(feature);
        mean = moments.mean[feature];
        squares = moments.squaredDeviations[feature];
        Outliers outliers = moments.outliers;
        isFirst = false;
        if (outliers != null) {
            envelope = outliers.envelopes[feature];
            run = outliers.runs[feature];
            clipped = outliers.clipped[feature];
            FirstValues first = outliers.first;
            if (first != null && first.seen[feature] < OutlierState.FIRST_VALUES) {
                isFirst = true;
                seen = first.seen[feature];
                farthest = first.farthest[feature];
                farthestWeight = first.farthestWeights[feature];
                weight = first.restWeights[feature];
                mean = first.restMeans[feature];
                squares = first.restSquaredDeviations[feature];
            }
        }
        computeTotal();
    }

    /**
     * Writes the moments of the feature.
     *
     * @param moments with the sum of weights after the observed examples. Modified.
     */
    void store(Moments moments, int feature) {
        moments.mean[feature] = totalMean;
        moments.squaredDeviations[feature] = totalSquares;
        if (hasMissed) {
            moments.createWeights();
        }
        if (moments.weights != null) {
            moments.weights[feature] = totalWeight;
        }
        Outliers outliers = moments.outliers;
        if (outliers == null) {
            return;
        }
        outliers.envelopes[feature] = envelope;
        outliers.runs[feature] = run;
        outliers.clipped[feature] = clipped;
        FirstValues first = outliers.first;
        if (first != null) {
            first.seen[feature] = isFirst ? seen : OutlierState.FIRST_VALUES;
            first.farthest[feature] = farthest;
            first.farthestWeights[feature] = farthestWeight;
            first.restWeights[feature] = weight;
            first.restMeans[feature] = mean;
            first.restSquaredDeviations[feature] = squares;
        }
    }

    /** Observes a value. Call {@link #computeTotal} before the moments are used. */
    void observe(double value) {
        weight -= lossPerExample * weight;
        squares -= lossPerExample * squares;
        envelope -= lossPerExample / 2 * envelope;
        if (acceptsMissing && Double.isNaN(value)) {
            hasMissed = true;
            farthestWeight -= lossPerExample * farthestWeight;
        } else if (isFirst) {
            observeFirst(value);
        } else {
            add(value, 1);
        }
    }

    private void observeFirst(double value) {
        farthestWeight -= lossPerExample * farthestWeight;
        if (seen < 2) {
            weight = seen == 0 ? 0 : farthestWeight;
            mean = farthest;
            setAside(value);
        } else {
            if (seen == 2 && isFarthestFromMedian(mean, farthest, value)) {
                double onlyValue = mean;
                double onlyWeight = weight;
                mean = farthest;
                weight = farthestWeight;
                farthest = onlyValue;
                farthestWeight = onlyWeight;
            }
            if (Math.abs(value - mean) > Math.abs(farthest - mean)) {
                add(farthest, farthestWeight);
                setAside(value);
            } else {
                add(value, 1);
            }
        }
        seen++;
        if (seen == OutlierState.FIRST_VALUES) {
            add(farthest, farthestWeight);
            isFirst = false;
        }
    }

    private void setAside(double value) {
        farthest = value;
        farthestWeight = 1;
    }

    private static boolean isFarthestFromMedian(double candidate, double second, double third) {
        double median =
                Math.max(Math.min(candidate, second), Math.min(Math.max(candidate, second), third));
        return Math.abs(candidate - median)
                > Math.max(Math.abs(second - median), Math.abs(third - median));
    }

    private void add(double value, double valueWeight) {
        double accepted = clip == 0 ? value : acceptOrClip(value);
        double difference = accepted - mean;
        weight += valueWeight;
        double newMean = mean + valueWeight * difference / weight;
        if (lossPerExample > 0 && newMean == mean) {
            newMean = accepted;
        }
        squares += valueWeight * difference * (accepted - newMean);
        mean = newMean;
    }

    /** Returns the value, clipped if it is an outlier that is not accepted. */
    private double acceptOrClip(double value) {
        double difference = value - mean;
        double distance = Math.abs(difference);
        double usual = usualDistance();
        if (distance <= usual) {
            run = Math.max(0, run - 1);
            return value;
        }
        if (!(distance <= Double.MAX_VALUE)) {
            return value;
        }
        if (squares > 0 && distance > envelope) {
            run = Math.min(MAX_RUN, run + 1);
            if (run <= PATIENCE) {
                clipped++;
                return mean + Math.copySign(Math.max(usual, envelope), difference);
            }
        } else {
            run = Math.max(0, run - 1);
        }
        if (distance > ENVELOPE_EXTENSION * envelope) {
            envelope = Math.min(ENVELOPE, Math.sqrt(weight)) * distance;
        }
        return value;
    }

    /** Returns the distance from the mean of values that are not outliers. */
    private double usualDistance() {
        if (squares == 0) {
            return 0;
        }
        double usual = clip * Math.sqrt(squares / weight);
        return isFirst ? usual * (1 + FIRST_ALLOWANCE / weight) : usual;
    }

    /** Computes the moments of all values from those of the farthest and of the others. */
    void computeTotal() {
        totalWeight = weight;
        totalMean = mean;
        totalSquares = squares;
        if (isFirst && seen > 0) {
            double difference = clippedFarthest() - mean;
            totalWeight = weight + farthestWeight;
            totalMean = mean + difference * farthestWeight / totalWeight;
            totalSquares =
                    squares + difference * difference * weight * farthestWeight / totalWeight;
        }
    }

    private double clippedFarthest() {
        double difference = farthest - mean;
        return isFarthestClipped()
                ? mean + Math.copySign(Math.max(usualDistance(), envelope), difference)
                : farthest;
    }

    private boolean isFarthestClipped() {
        double distance = Math.abs(farthest - mean);
        return squares > 0
                && distance > Math.max(usualDistance(), envelope)
                && distance <= Double.MAX_VALUE;
    }

    /**
     * Returns the number of clipped values of each feature; empty if outliers are not clipped.
     *
     * @param moments Not modified.
     */
    long[] clippedValues(Moments moments) {
        Outliers outliers = moments.outliers;
        if (outliers == null) {
            return new long[0];
        }
        long[] counts = outliers.clipped.clone();
        for (int f = 0; outliers.first != null && f < counts.length; f++) {
            load(moments, f);
            if (isFirst && seen > 0 && isFarthestClipped()) {
                counts[f]++;
            }
        }
        return counts;
    }

    /**
     * Sets the scaled values of missing ones to 0, the mean.
     *
     * @param scaled {@code count} values from {@code offset} on. Modified.
     */
    static void setMissingToZero(float[] scaled, int offset, int count) {
        for (int f = offset; f < offset + count; f++) {
            scaled[f] = Float.isNaN(scaled[f]) ? 0 : scaled[f];
        }
    }

    /** Returns the mean. */
    double mean() {
        return totalMean;
    }

    /** Returns the inverse of the standard deviation; 0 for a constant. */
    double inverseDeviation() {
        return totalSquares == 0 ? 0 : Math.sqrt(totalWeight / totalSquares);
    }

    /**
     * Returns the largest magnitude of a scaled value; larger ones are clipped to it.
     *
     * @param inverseDeviation the {@link #inverseDeviation()}
     */
    double limit(double inverseDeviation) {
        return clip == 0
                ? Double.POSITIVE_INFINITY
                : limit(clip, totalWeight, envelope, inverseDeviation);
    }

    /**
     * Returns the {@link #limit} of each feature, (numFeatures).
     *
     * @param state of a scaler that clips outliers. Not modified.
     */
    static float[] limits(double clip, ScalerState state) {
        float[] limits = new float[state.mean().length];
        double[] variance = state.variance();
        OutlierState outliers = state.outliers();
        for (int f = 0; f < limits.length; f++) {
            double envelope = outliers == null ? 0 : outliers.envelopes()[f];
            double inverse = variance[f] == 0 ? 0 : 1 / Math.sqrt(variance[f]);
            limits[f] = (float) limit(clip, state.weight(f), envelope, inverse);
        }
        return limits;
    }

    /**
     * Returns the largest magnitude of a scaled value: {@code c}, or the envelope if that is
     * larger, but at most {@code √W}, as no observed value can be farther from a mean that includes
     * it.
     */
    static double limit(
            double clip, double sumOfWeights, double envelope, double inverseDeviation) {
        return Math.min(Math.sqrt(sumOfWeights), Math.max(clip, envelope * inverseDeviation));
    }
}
