package io.freshet.model.cuda;

import io.freshet.model.cuda.MemoryLayout.Place;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;

/**
 * A part of the device's work for one block, which runs in a stream of its own: while a stage works
 * on one block, the next stage works on the block before it.
 *
 * <p>The kernels are described in src/main/cuda.
 */
abstract class Stage {
    /** Threads of a block of threads, unless a kernel needs another number. */
    static final int THREADS = 256;

    /** Warps of such a block of threads. */
    static final int WARPS = THREADS / 32;

    /** An address that kernels take for an array that is not there. */
    static final long NONE = 0;

    final LinearModel model;
    final BlockShape shape;
    final LearnerKernels kernels;
    final ModelStates states;
    final BlockMemory memory;

    Stage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory) {
        this.model = model;
        this.shape = shape;
        this.kernels = kernels;
        this.states = states;
        this.memory = memory;
    }

    /** Adds the work to a stream. */
    abstract void run(DeviceStream stream);

    /** Returns the blocks of threads for a number of threads. */
    static int blocks(long threads) {
        return Math.toIntExact((threads + THREADS - 1) / THREADS);
    }

    /** Returns the place of an input on the device. */
    final DeviceMemory input(Place place) {
        return place.in(memory.inputs);
    }

    /** Returns the place of an output on the device. */
    final DeviceMemory output(Place place) {
        return place.in(memory.outputs);
    }

    /** Returns the scratch of an ensemble. */
    final EnsembleMemory ensemble() {
        EnsembleMemory ensemble = memory.ensemble;
        if (ensemble == null) {
            throw new IllegalStateException("the models are no ensembles");
        }
        return ensemble;
    }

    /** Returns the address of the targets that an ensemble learns, or {@link #NONE} for classes. */
    final long learntTargets() {
        return shape.gradient() == Gradient.OF_LABEL ? NONE : ensemble().targets.address();
    }

    /** Returns the place of a part of the models' states before the block. */
    final DeviceMemory before(ModelPart part) {
        DeviceMemory before = memory.before.get(part);
        if (before == null) {
            throw new IllegalStateException("the models have no " + part);
        }
        return before;
    }

    /** Copies a part of the models' states, if they have it, to its place before the block. */
    final void keep(DeviceStream stream, ModelPart part) {
        if (states.has(part)) {
            copy(stream, part, before(part), false);
        }
    }

    /**
     * Copies a part of the models' states.
     *
     * @param copies (models, words of the part)
     * @param isBack whether the copies replace the states
     */
    final void copy(DeviceStream stream, ModelPart part, DeviceMemory copies, boolean isBack) {
        long words = part.words(model);
        stream.launch(
                kernels.get("copyStates"),
                blocks(words),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(states.all(part))
                        .add(copies)
                        .add(input(memory.slots))
                        .add(Math.toIntExact(words))
                        .add(isBack ? 1 : 0));
    }
}
