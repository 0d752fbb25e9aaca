package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;

/**
 * An observer of a learner's mini-batches that may change the learner between two of them.
 *
 * <p>The observer sees each mini-batch that is trained on, in the order of the stream, before the
 * next one is scored. If it asks to react, the execution block ends with this mini-batch: the steps
 * up to it are taken, and {@link #react} is called before later examples are used. So a reaction
 * takes effect at the same position in the stream, however the stream is divided into calls and
 * blocks. Mini-batches whose step is skipped are not observed.
 */
public interface StepObserver {
    /**
     * Observes a mini-batch that was trained on. Must not create a learner: the block of this one,
     * and those of others, are still running.
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

    /**
     * Ends an execution block: all its steps are taken, and no other learner's block is running. By
     * default, does nothing.
     */
    default void endBlock() {}
}
