package io.freshet.model.loss;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Loss function over a batch in PyTorch's form: the losses, their reduction to one number and its
 * gradient at the inputs.
 *
 * <p>Public interface for parity with PyTorch, for tests and for users of the library; the learner
 * itself uses {@link Loss}.
 *
 * <p>A batch has inputs (size, numOutputs) row-major, and targets of one of two kinds: classes
 * (size), or a value for each output (size, numOutputs) row-major. Example weights (size) multiply
 * the losses of their example; {@code null} stands for ones. All computation is in double; the
 * methods for floats compute in double and round once. No argument is modified.
 *
 * @param loss the loss function
 */
public record BatchLoss(Loss loss) {
    // A batch, in double.

    /**
     * Returns the losses of a batch before any reduction: (size, lossesPerExample) row-major.
     *
     * @param inputs (size, numOutputs) row-major.
     * @param labels (size), each a class or ignored.
     * @param exampleWeights (size), or null for ones.
     */
    public double[] losses(double[] inputs, int[] labels, double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, labels, exampleWeights).losses();
    }

    /**
     * Returns the losses of a batch before any reduction: (size, lossesPerExample) row-major.
     *
     * @param inputs (size, numOutputs) row-major.
     * @param targets (size, numOutputs) row-major.
     * @param exampleWeights (size), or null for ones.
     */
    public double[] losses(double[] inputs, double[] targets, double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, targets, exampleWeights).losses();
    }

    /**
     * Returns the loss of a batch.
     *
     * @param reduction not {@link LossReduction#NONE}
     * @param inputs (size, numOutputs) row-major.
     * @param labels (size), each a class or ignored.
     * @param exampleWeights (size), or null for ones.
     */
    public double loss(
            LossReduction reduction,
            double[] inputs,
            int[] labels,
            double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, labels, exampleWeights).loss(reduction);
    }

    /**
     * Returns the loss of a batch.
     *
     * @param reduction not {@link LossReduction#NONE}
     * @param inputs (size, numOutputs) row-major.
     * @param targets (size, numOutputs) row-major.
     * @param exampleWeights (size), or null for ones.
     */
    public double loss(
            LossReduction reduction,
            double[] inputs,
            double[] targets,
            double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, targets, exampleWeights).loss(reduction);
    }

    /**
     * Returns the gradient of the loss of a batch at its inputs, (size, numOutputs) row-major.
     *
     * @param inputs (size, numOutputs) row-major.
     * @param labels (size), each a class or ignored.
     * @param exampleWeights (size), or null for ones.
     */
    public double[] gradient(
            LossReduction reduction,
            double[] inputs,
            int[] labels,
            double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, labels, exampleWeights).gradient(reduction);
    }

    /**
     * Returns the gradient of the loss of a batch at its inputs, (size, numOutputs) row-major.
     *
     * @param inputs (size, numOutputs) row-major.
     * @param targets (size, numOutputs) row-major.
     * @param exampleWeights (size), or null for ones.
     */
    public double[] gradient(
            LossReduction reduction,
            double[] inputs,
            double[] targets,
            double @Nullable [] exampleWeights) {
        return new Batch(loss, inputs, targets, exampleWeights).gradient(reduction);
    }

    // A batch, in float.

    /** Same as {@link #losses(double[], int[], double[])}, rounded to float. */
    public float[] losses(float[] inputs, int[] labels, float @Nullable [] exampleWeights) {
        return Floats.narrow(
                losses(Floats.widen(inputs), labels, Floats.widenWeights(exampleWeights)));
    }

    /** Same as {@link #losses(double[], double[], double[])}, rounded to float. */
    public float[] losses(float[] inputs, float[] targets, float @Nullable [] exampleWeights) {
        return Floats.narrow(
                losses(
                        Floats.widen(inputs),
                        Floats.widen(targets),
                        Floats.widenWeights(exampleWeights)));
    }

    /** Same as {@link #loss(LossReduction, double[], int[], double[])}, rounded to float. */
    public float loss(
            LossReduction reduction,
            float[] inputs,
            int[] labels,
            float @Nullable [] exampleWeights) {
        return (float)
                loss(reduction, Floats.widen(inputs), labels, Floats.widenWeights(exampleWeights));
    }

    /** Same as {@link #loss(LossReduction, double[], double[], double[])}, rounded to float. */
    public float loss(
            LossReduction reduction,
            float[] inputs,
            float[] targets,
            float @Nullable [] exampleWeights) {
        return (float)
                loss(
                        reduction,
                        Floats.widen(inputs),
                        Floats.widen(targets),
                        Floats.widenWeights(exampleWeights));
    }

    /** Same as {@link #gradient(LossReduction, double[], int[], double[])}, rounded to float. */
    public float[] gradient(
            LossReduction reduction,
            float[] inputs,
            int[] labels,
            float @Nullable [] exampleWeights) {
        return Floats.narrow(
                gradient(
                        reduction,
                        Floats.widen(inputs),
                        labels,
                        Floats.widenWeights(exampleWeights)));
    }

    /** Same as {@link #gradient(LossReduction, double[], double[], double[])}, rounded to float. */
    public float[] gradient(
            LossReduction reduction,
            float[] inputs,
            float[] targets,
            float @Nullable [] exampleWeights) {
        return Floats.narrow(
                gradient(
                        reduction,
                        Floats.widen(inputs),
                        Floats.widen(targets),
                        Floats.widenWeights(exampleWeights)));
    }

    /** Batch of examples with one kind of targets, its lengths checked. */
    private static final class Batch {
        private final Loss loss;
        private final double[] inputs;

        /** (size), or null if the targets are values. */
        private final int @Nullable [] labels;

        /** (size, numOutputs), or empty if the targets are classes. */
        private final double[] values;

        private final double @Nullable [] exampleWeights;
        private final int size;

        Batch(Loss loss, double[] inputs, int[] labels, double @Nullable [] exampleWeights) {
            this(loss, inputs, labels, new double[0], exampleWeights, labels.length);
        }

        Batch(Loss loss, double[] inputs, double[] targets, double @Nullable [] exampleWeights) {
            this(loss, inputs, null, targets, exampleWeights, inputs.length / loss.numOutputs());
            loss.requireValueTargets();
            requireLength("targets", "(size, numOutputs)", inputs.length, targets.length);
        }

        private Batch(
                Loss loss,
                double[] inputs,
                int @Nullable [] labels,
                double[] values,
                double @Nullable [] exampleWeights,
                int size) {
            this.loss = loss;
            this.inputs = inputs;
            this.labels = labels;
            this.values = values;
            this.exampleWeights = exampleWeights;
            this.size = size;
            requireLength(
                    "inputs", "(size, numOutputs)", (long) size * loss.numOutputs(), inputs.length);
            if (exampleWeights != null) {
                requireLength("exampleWeights", "(size)", size, exampleWeights.length);
            }
        }

        double[] losses() {
            int width = loss.lossesPerExample();
            double[] losses = new double[size * width];
            double[] targets = new double[loss.numOutputs()];
            for (int i = 0; i < size; i++) {
                if (writeTargets(i, targets, 0)) {
                    loss.inputLosses(inputs, i * loss.numOutputs(), targets, losses, i * width);
                    for (int j = i * width; j < (i + 1) * width; j++) {
                        losses[j] *= exampleWeight(i);
                    }
                }
            }
            return losses;
        }

        double loss(LossReduction reduction) {
            double sum = Arrays.stream(losses()).sum();
            return switch (reduction) {
                case NONE ->
                        throw new IllegalArgumentException(
                                "reduction must be MEAN or SUM for one loss, but is NONE: call"
                                        + " losses");
                case MEAN -> sum * meanFactor() / loss.lossesPerExample();
                case SUM -> sum;
            };
        }

        double[] gradient(LossReduction reduction) {
            double factor =
                    switch (reduction) {
                        case NONE, SUM -> loss.lossesPerExample();
                        case MEAN -> meanFactor();
                    };
            double[] gradient = new double[inputs.length];
            double[] scratch = new double[loss.numOutputs()];
            for (int i = 0; i < size; i++) {
                int offset = i * loss.numOutputs();
                if (writeTargets(i, gradient, offset)) {
                    loss.inputGradient(
                            inputs, offset, factor * exampleWeight(i), scratch, gradient, offset);
                }
            }
            return gradient;
        }

        /** Returns the reciprocal of the divisor of the mean; NaN if the divisor is 0. */
        private double meanFactor() {
            double divisor = size;
            if (labels != null && loss.activation() == Activation.SOFTMAX) {
                divisor = 0;
                for (int i = 0; i < size; i++) {
                    divisor += loss.divisor(labels[i]) * exampleWeight(i);
                }
            }
            return divisor == 0 ? Double.NaN : 1 / divisor;
        }

        /** Writes the targets of an example unless it is ignored, and returns whether it is not. */
        private boolean writeTargets(int example, double[] targets, int offset) {
            int numOutputs = loss.numOutputs();
            if (labels == null) {
                System.arraycopy(values, example * numOutputs, targets, offset, numOutputs);
                return true;
            }
            int label = labels[example];
            if (loss.ignores(label)) {
                return false;
            }
            Targets.requireLabel(label, loss.numClasses());
            Targets.write(label, numOutputs, targets, offset);
            return true;
        }

        private double exampleWeight(int example) {
            return exampleWeights == null ? 1 : exampleWeights[example];
        }

        private static void requireLength(String name, String shape, long expected, int actual) {
            if (actual != expected) {
                throw new IllegalArgumentException(
                        name
                                + " "
                                + shape
                                + " must have "
                                + expected
                                + " values, but has "
                                + actual);
            }
        }
    }
}
