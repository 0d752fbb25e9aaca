package io.freshet.model;

import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's softmax operator over all rows of a matrix of logits, its context kept. */
final class SoftmaxOperator implements AutoCloseable {
    private final Matrix probabilities;
    private final DynamicCustomOp softmax = DynamicCustomOp.builder("softmax").build();
    private final OpContext context = Nd4j.getExecutioner().buildContext();

    /**
     * @param logits stays the caller's to close
     * @param width values of one softmax; divides the logits' columns
     */
    SoftmaxOperator(Precision precision, Matrix logits, int width) {

        this.probabilities = Matrix.zeros(precision, logits.rows(), logits.columns());
        long[] shape = {(long) logits.rows() * (logits.columns() / width), width};
        context.setInputArrays(logits.array().reshape('c', shape));
        context.setOutputArrays(probabilities.array().reshape('c', shape));
        context.setIArguments(1);
    }

    /**
     * Computes the softmax of all logits and reads the first rows. The operator always covers every
     * row: rows do not touch each other.
     *
     * @param out at least (count, columns of the logits). Modified.
     */
    void run(double[] out, int count) {
        Nd4j.exec(softmax, context);
        probabilities.get(out, count);
    }

    @Override
    public void close() {
        context.purge(); // close() does nothing; the handle goes with this object
        probabilities.close();
    }
}
