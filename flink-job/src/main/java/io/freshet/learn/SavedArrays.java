package io.freshet.learn;

import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseState;
import org.jspecify.annotations.Nullable;

/**
 * The arrays of a learner's state that Flink's state has already, and that need not be written
 * again while they are the same objects.
 *
 * @param goodParameters last good parameters of a dense model
 * @param rows rows of a sparse model
 * @param goodRows last good rows of a sparse model
 * @param goodEnsemble last good state of an ensemble; null if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SavedArrays(
        float[] goodParameters,
        SparseChunk[] rows,
        SparseChunk[] goodRows,
        @Nullable EnsembleState goodEnsemble) {
    /** Nothing is saved yet. */
    static final SavedArrays NONE =
            new SavedArrays(new float[0], new SparseChunk[0], new SparseChunk[0], null);

    /** Returns the arrays of a state that was saved. */
    static SavedArrays of(LearnerState state) {
        SparseState sparse = state.sparse();
        if (sparse == null) {
            return new SavedArrays(
                    state.goodParameters(), NONE.rows, NONE.goodRows, state.goodEnsemble());
        }
        SparseChunk[] good = sparse.goodChunks();
        return new SavedArrays(
                NONE.goodParameters,
                sparse.chunks(),
                good == null ? NONE.goodRows : good,
                state.goodEnsemble());
    }
}
