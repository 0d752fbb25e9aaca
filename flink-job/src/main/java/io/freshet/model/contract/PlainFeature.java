package io.freshet.model.contract;

import java.util.stream.DoubleStream;

/**
 * Reference implementation of the moments of one feature whose outliers are clipped: the rule as it
 * is documented, in double, one value at a time.
 */
public final class PlainFeature {
    private static final int FIRST_VALUES = 256;

    private final double clip;
    private final double fadingFactor;

    // Of all observed values but the one that is set aside.
    private double weight;
    private double mean;
    private double squares;

    /** The farthest of the first values, and its weight; 0 if none is set aside. */
    private double aside;

    private double asideWeight;

    private int count;
    private double envelope;
    private int run;
    private long clipped;

    /**
     * @param fadingFactor factor of the weight of a value at each later one; 1 without fading
     */
    public PlainFeature(double clip, double fadingFactor) {
        this.clip = clip;
        this.fadingFactor = fadingFactor;
    }

    public void observe(double value) {
        weight *= fadingFactor;
        squares *= fadingFactor;
        asideWeight *= fadingFactor;
        envelope *= (1 + fadingFactor) / 2;
        if (Double.isNaN(value)) {
            return;
        }
        count++;
        if (count > FIRST_VALUES) {
            addOrClip(value, 1);
            return;
        }
        if (count == 3) {
            double[] sorted = DoubleStream.of(mean, aside, value).sorted().toArray();
            boolean lowest = sorted[1] - sorted[0] > sorted[2] - sorted[1];
            boolean highest = sorted[1] - sorted[0] < sorted[2] - sorted[1];
            if ((lowest && mean == sorted[0]) || (highest && mean == sorted[2])) {
                double farthest = mean;
                double farthestWeight = weight;
                mean = aside;
                weight = asideWeight;
                aside = farthest;
                asideWeight = farthestWeight;
            }
        }
        if (count == 1) {
            setAside(value);
        } else if (count == 2 || Math.abs(value - mean) > Math.abs(aside - mean)) {
            addOrClip(aside, asideWeight);
            setAside(value);
        } else {
            addOrClip(value, 1);
        }
        if (count == FIRST_VALUES) {
            addOrClip(aside, asideWeight);
            asideWeight = 0;
        }
    }

    private void setAside(double value) {
        aside = value;
        asideWeight = 1;
    }

    private void addOrClip(double value, double valueWeight) {
        double distance = Math.abs(value - mean);
        if (isClippable(distance)) {
            run = Math.min(64, run + 1);
            if (run <= 32) {
                clipped++;
                add(clip(value), valueWeight);
                return;
            }
        } else {
            run = Math.max(0, run - 1);
        }
        if (weight > 0 && distance > usual() && distance > 0.75 * envelope) {
            envelope = Math.min(10, Math.sqrt(weight)) * distance;
        }
        add(value, valueWeight);
    }

    private boolean isClippable(double distance) {
        return squares > 0 && distance > Math.max(usual(), envelope);
    }

    private double clip(double value) {
        return mean + Math.signum(value - mean) * Math.max(usual(), envelope);
    }

    /** Returns the distance up to which a value is no outlier. */
    private double usual() {
        double allowance = count <= FIRST_VALUES ? 1 + 16 / weight : 1;
        return squares == 0 ? 0 : allowance * clip * Math.sqrt(squares / weight);
    }

    private void add(double value, double valueWeight) {
        weight += valueWeight;
        double difference = value - mean;
        mean += valueWeight / weight * difference;
        squares += valueWeight * difference * (value - mean);
    }

    /** Returns the moments of all values; the one aside is clipped by those of the others. */
    public PlainFeature total() {
        PlainFeature total = new PlainFeature(clip, fadingFactor);
        total.weight = weight;
        total.mean = mean;
        total.squares = squares;
        total.envelope = envelope;
        total.clipped = clipped;
        if (asideWeight > 0) {
            boolean clips = isClippable(Math.abs(aside - mean));
            total.add(clips ? clip(aside) : aside, asideWeight);
            total.clipped += clips ? 1 : 0;
        }
        return total;
    }

    public double mean() {
        return mean;
    }

    public double squares() {
        return squares;
    }

    public long clipped() {
        return clipped;
    }

    /** Returns the scaled value, by the moments of all values. */
    public double scale(double value) {
        PlainFeature total = total();
        if (total.squares == 0 || Double.isNaN(value)) {
            return 0;
        }
        double deviation = Math.sqrt(total.squares / total.weight);
        double limit = Math.min(Math.sqrt(total.weight), Math.max(clip, envelope / deviation));
        return Math.max(-limit, Math.min(limit, (value - total.mean) / deviation));
    }

    /** Returns a copy that changes independently. */
    public PlainFeature copy() {
        PlainFeature copy = total();
        copy.weight = weight;
        copy.mean = mean;
        copy.squares = squares;
        copy.clipped = clipped;
        copy.aside = aside;
        copy.asideWeight = asideWeight;
        copy.count = count;
        copy.run = run;
        return copy;
    }
}
