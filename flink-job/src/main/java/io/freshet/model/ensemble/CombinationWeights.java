package io.freshet.model.ensemble;

/** The current weights by which an ensemble combines the predictions of its experts. */
public interface CombinationWeights {
    /** Returns the weight of an expert in the stack. */
    double stackWeight(int expert);

    /** Returns the weight of an expert in the stack on top of the mixture. */
    double correctionWeight(int expert);

    /**
     * Returns the weight of a prediction in the answer, 0 to 1.
     *
     * @param answer 0 for the mixture, 1 for the stack, 2 for the stack on top of the mixture
     */
    double answerWeight(int answer);
}
