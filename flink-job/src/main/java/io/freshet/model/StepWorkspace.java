package io.freshet.model;

/**
 * Scratch memory for the steps of learners with the same settings: dense in {@link BlockWorkspace},
 * sparse in {@link SparseWorkspace}, and on a CUDA device, with the states of the models, in {@link
 * CudaWorkspace}.
 *
 * <p>Scratch is needed only while a block runs. Any number of learners that run one after the other
 * can therefore share one, and an idle learner uses little more memory than its parameters. For one
 * thread at a time. Must stay open until its learners are closed.
 */
public sealed interface StepWorkspace extends AutoCloseable
        permits BlockWorkspace, SparseWorkspace, CudaWorkspace {
    /** Returns the settings of the learners that can use this workspace. */
    LearnerSettings settings();

    /** Frees the native memory. A second call does nothing. */
    @Override
    void close();
}
