package io.freshet.model;

import org.jspecify.annotations.Nullable;

/**
 * The live parameters and the optimiser's velocity, and the one way in which they change.
 *
 * <p>Kept apart from how the gradient comes about: whatever computes it writes it to {@link
 * #gradient()} and calls {@link #step}.
 */
final class Parameters implements AutoCloseable {
    /** Far enough below the largest float that rounding in a sum cannot bridge the gap. */
    private static final double SAFE_MAGNITUDE = 1e36;

    private final int rows;
    private final int columns;
    private final float learningRate;
    private final float momentum;
    private final NativeMatrix values;
    private NativeMatrix velocity;
    private NativeMatrix gradient;
    private @Nullable NativeMatrix backup;

    /**
     * At least {@code Σ |θ|}: while it is small, a step cannot overflow and needs no second look.
     */
    private double magnitude;

    /**
     * @param parameters (numFeatures + 1, numClasses) row-major. Not modified.
     * @param velocity same shape. Not modified.
     */
    Parameters(LearnerSettings settings, float[] parameters, float[] velocity) {
        this.rows = settings.numFeatures() + 1;
        this.columns = settings.numClasses();
        this.learningRate = (float) settings.sgd().learningRate();
        this.momentum = (float) settings.sgd().momentum();
        this.values = new NativeMatrix(rows, columns);
        this.velocity = new NativeMatrix(rows, columns);
        this.gradient = new NativeMatrix(rows, columns);
        this.values.put(parameters, rows);
        this.velocity.put(velocity, rows);
        this.magnitude = values.sumOfMagnitudes();
    }

    /** Returns the parameters {@code θ}, (numFeatures + 1, numClasses). */
    NativeMatrix values() {
        return values;
    }

    /** Returns the velocity {@code v}, same shape. */
    NativeMatrix velocity() {
        return velocity;
    }

    /** Returns where the next step's gradient goes, same shape; another matrix after each step. */
    NativeMatrix gradient() {
        return gradient;
    }

    /**
     * Takes one step of {@link Sgd} along {@link #gradient()}, which is lost, and returns true; or
     * leaves parameters and velocity exactly as they were and returns false, where the magnitudes
     * of the new ones have no finite sum.
     */
    boolean step() {
        gradient.addScaled(momentum, velocity);
        double stride = (double) learningRate * gradient.sumOfMagnitudes();
        if (!(stride <= Double.MAX_VALUE) || !descend(stride)) {
            return false;
        }
        NativeMatrix spare = velocity;
        velocity = gradient;
        gradient = spare;
        return true;
    }

    private boolean descend(double stride) {
        if (!(magnitude + stride <= SAFE_MAGNITUDE)) {
            magnitude = values.sumOfMagnitudes();
        }
        if (magnitude + stride <= SAFE_MAGNITUDE) {
            values.addScaled(-learningRate, gradient);
            magnitude = (magnitude + stride) * (1 + 1e-6);
            return true;
        }
        return descendWithCare();
    }

    private boolean descendWithCare() {
        if (backup == null) {
            backup = new NativeMatrix(rows, columns);
        }
        backup.copyFrom(values);
        values.addScaled(-learningRate, gradient);
        float sum = values.sumOfMagnitudes();
        if (!(sum <= Float.MAX_VALUE)) {
            values.copyFrom(backup);
            return false;
        }
        magnitude = sum;
        return true;
    }

    @Override
    public void close() {
        values.close();
        velocity.close();
        gradient.close();
        if (backup != null) {
            backup.close();
        }
    }
}
