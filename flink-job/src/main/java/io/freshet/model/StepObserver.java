package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;

/**
 * An observer of a learner's mini-batches that may change the learner between two of them.
 *
 * <p>It sees each mini-batch after it has been scored and its step decided, in the order of the
 * stream. When it asks to react, the execution block ends there: the steps so far are taken, later
 * ones wait, and {@link #react} is called. So a reaction takes effect at its place in the stream,
 * however that is cut into calls and blocks. Mini-batches whose step was skipped are not shown.
 */
public interface StepObserver {
    /**
     * Observes a mini-batch that was trained on.
     *
     * @param examples all examples of the call. Not modified.
     * @param evaluation evaluation of the mini-batch and the examples before it
     * @param rows indices of the mini-batch's examples, from {@code from} to before {@code to}, in
     *     their order. Not modified.
     * @return whether to call {@link #react} before the next mini-batch
     */
    boolean observe(Examples examples, Evaluation evaluation, int[] rows, int from, int to);

    /**
     * Changes the learner after the mini-batch that was observed last. Must not pass it examples,
     * neither for training nor for prediction.
     */
    void react(LearnerControl learner);
}
