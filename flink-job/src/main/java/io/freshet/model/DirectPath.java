package io.freshet.model;

import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The direct path of softmax SGD: every mini-batch costs its two matrix products.
 *
 * <p>{@code Z = X·θ}, {@code P = softmax(Z)}, {@code G = s·w·(P − Y)} and {@code ∂loss/∂θ = Xᵀ·G},
 * for inputs {@code X} (size, numFeatures + 1) that end in a column of ones, parameters {@code θ}
 * (numFeatures + 1, numClasses), one-hot labels {@code Y} and example weights {@code w}; {@code s}
 * is the {@link Reduction}'s.
 *
 * <p>Source: Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), §6.2.2.3.
 */
final class DirectPath implements AutoCloseable {
    private final int numFeatures;
    private final int numClasses;
    private final Reduction reduction;
    private final Parameters parameters;
    private final NativeMatrix inputs;
    private final NativeMatrix logits;
    private final NativeMatrix probabilities;
    private final NativeMatrix logitGradients;
    private final DynamicCustomOp softmax = DynamicCustomOp.builder("softmax").build();
    private final OpContext softmaxContext = Nd4j.getExecutioner().buildContext();
    private final float[] logitsOut;
    private final float[] probabilitiesOut;

    /**
     * @param parameters what is learnt; stays the caller's to close
     */
    DirectPath(LearnerSettings settings, Parameters parameters) {
        int rows = settings.miniBatchSize();
        this.numFeatures = settings.numFeatures();
        this.numClasses = settings.numClasses();
        this.reduction = settings.reduction();
        this.parameters = parameters;
        this.inputs = new NativeMatrix(rows, settings.numFeatures() + 1);
        float[] one = {1};
        for (int i = 0; i < rows; i++) {
            inputs.put(i, numFeatures, one, 0, 1);
        }
        this.logits = new NativeMatrix(rows, numClasses);
        this.probabilities = new NativeMatrix(rows, numClasses);
        this.logitGradients = new NativeMatrix(rows, numClasses);
        this.logitsOut = new float[rows * numClasses];
        this.probabilitiesOut = new float[rows * numClasses];
        softmaxContext.setInputArrays(logits.array());
        softmaxContext.setOutputArrays(probabilities.array());
        softmaxContext.setIArguments(1);
    }

    /**
     * Puts an example's features where the next step or prediction reads them.
     *
     * @param row the example's place, less than the mini-batch's size
     * @param features numFeatures values from {@code offset} on, scaled. Not modified.
     */
    void setInput(int row, float[] features, int offset) {
        inputs.put(row, 0, features, offset, numFeatures);
    }

    /**
     * Scores a mini-batch by the parameters as they are, then takes one step; returns whether it
     * did. If not, the parameters are as they were.
     *
     * @param size examples, 1 to the mini-batch's size, each {@link #setInput set} before
     * @param labels (size), each a class. Not modified.
     * @param weights (size). Not modified.
     * @param evaluation gets loss and predicted class of each example. Modified.
     */
    boolean step(int size, int[] labels, float[] weights, Evaluation evaluation) {
        infer(size);
        logits.get(logitsOut, size);
        probabilities.get(probabilitiesOut, size);
        double scale = reduction.scale(weights, size);
        boolean finite = true;
        for (int i = 0; i < size; i++) {
            int label = labels[i];
            int row = i * numClasses;
            float loss = evaluation.score(i, logitsOut, probabilitiesOut, row, numClasses, label);
            finite &= loss <= Float.MAX_VALUE;
            // From here on the row is the gradient at the example's logits.
            float factor = (float) (scale * weights[i]);
            probabilitiesOut[row + label] -= 1;
            for (int c = 0; c < numClasses; c++) {
                probabilitiesOut[row + c] *= factor;
            }
        }
        if (!finite) {
            return false;
        }
        logitGradients.put(probabilitiesOut, size);
        parameters.gradient().setToTransposedProduct(inputs, size, logitGradients);
        return parameters.step();
    }

    /**
     * Computes probabilities by the parameters as they are. Changes nothing that is learnt.
     *
     * @param size examples, 1 to the mini-batch's size, each {@link #setInput set} before
     * @param out (size, numClasses) from {@code offset} on. Modified.
     */
    void predict(int size, float[] out, int offset) {
        infer(size);
        probabilities.get(probabilitiesOut, size);
        System.arraycopy(probabilitiesOut, 0, out, offset, size * numClasses);
    }

    /** The operator always covers all rows of the matrix: rows do not touch each other. */
    private void infer(int size) {
        logits.setToProduct(inputs, size, parameters.values());
        Nd4j.exec(softmax, softmaxContext);
    }

    @Override
    public void close() {
        softmaxContext.purge(); // close() does nothing; the handle goes with this object
        inputs.close();
        logits.close();
        probabilities.close();
        logitGradients.close();
    }
}
