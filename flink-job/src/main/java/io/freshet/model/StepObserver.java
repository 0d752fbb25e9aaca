package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;

/**
 * Watches a learner mini-batch by mini-batch, and may change it between two of them.
 *
 * <p>It sees a mini-batch when it has been scored and its step is settled, in the order of the
 * stream. Where it asks for it, the block that is being executed ends there: the steps so far are
 * taken, those to come wait, and {@link #react} is called. So a reaction is at its place in the
 * stream, however that was cut into calls and blocks. Mini-batches whose step was skipped are not
 * shown.
 */
public interface StepObserver {
    /**
     * Looks at a mini-batch that was trained on.
     *
     * @param examples all of the call. Not modified.
     * @param evaluation what was found about its rows, and those before it
     * @param rows which of the examples are the mini-batch's, from {@code from} to before {@code
     *     to}, in their order. Not modified.
     * @return whether to call {@link #react} before the next mini-batch
     */
    boolean observe(Examples examples, Evaluation evaluation, int[] rows, int from, int to);

    /**
     * Changes the learner, after the mini-batch that was observed last. It must not hand it
     * examples, neither to learn from nor to answer.
     */
    void react(LearnerControl learner);
}
