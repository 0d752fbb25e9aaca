package io.freshet.model;

import io.freshet.model.cuda.LinearState;
import io.freshet.model.ensemble.EnsembleState;
import org.jspecify.annotations.Nullable;

/**
 * The last good parameters of a model on a CUDA device, with the ensemble that belongs to them.
 * They take a place there once there are any.
 */
final class CudaGoodCopy {
    private static final int NO_SLOT = -1;

    private final CudaWorkspace workspace;
    private int slot = NO_SLOT;
    private boolean exists;

    /** The parameters as {@link #parameters} returned them; null if they changed. */
    private float @Nullable [] parameters;

    /** The ensemble as {@link #ensemble} returned it; null if it changed. */
    private @Nullable EnsembleState ensemble;

    /** Begins without a copy. */
    CudaGoodCopy(CudaWorkspace workspace) {
        this.workspace = workspace;
    }

    /** Replaces the copy by that of a state, which may have none. */
    void start(LearnerState state) {
        // First, since another learner has the states afterwards if there was no place.
        int place = state.hasGoodParameters() ? takeSlot() : NO_SLOT;
        exists = state.hasGoodParameters();
        parameters = null;
        ensemble = null;
        if (exists) {
            workspace
                    .learner()
                    .linear(place, new LinearState(state.goodParameters(), new float[0]));
            parameters = state.goodParameters();
            EnsembleState good = state.goodEnsemble();
            if (good != null) {
                workspace.learner().ensemble(place, good);
                ensemble = good;
            }
        }
    }

    /** Copies the current parameters of a model. */
    void keep(int model) {
        // First, as in start.
        int place = takeSlot();
        workspace.learner().copyParameters(model, place);
        exists = true;
        parameters = null;
        ensemble = null;
    }

    private int takeSlot() {
        if (slot == NO_SLOT) {
            slot = workspace.takeSlot();
        }
        return slot;
    }

    /** Copies the last good parameters to a model. */
    void restore(int model) {
        if (!exists) {
            throw new IllegalStateException("there are no last good parameters");
        }
        workspace.learner().copyParameters(slot, model);
    }

    /** Removes the copy. */
    void remove() {
        exists = false;
        parameters = null;
        ensemble = null;
    }

    /** Returns an array of the parameters, the same until they change; empty if there are none. */
    float[] parameters() {
        float[] array = parameters;
        if (array == null) {
            array = exists ? workspace.learner().linear(slot).parameters() : new float[0];
            parameters = array;
        }
        return array;
    }

    /** Returns the ensemble, the same until it changes; null if there is none. */
    @Nullable EnsembleState ensemble() {
        EnsembleState good = ensemble;
        if (good == null && exists && workspace.settings().ensemble() != null) {
            good = workspace.learner().ensemble(slot);
            ensemble = good;
        }
        return good;
    }

    /** Gives the place back. */
    void close() {
        if (slot != NO_SLOT) {
            workspace.giveBackSlot(slot);
        }
    }
}
