package io.freshet.model.cuda;

import io.freshet.model.cuda.device.DeviceStream;

/** Work that restores the states of the block's models as they were before it. */
final class UndoStage extends Stage {
    UndoStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory) {
        super(model, shape, kernels, states, memory);
    }

    @Override
    void run(DeviceStream stream) {
        for (ModelPart part : ModelPart.values()) {
            if (states.has(part)) {
                copy(stream, part, before(part), true);
            }
        }
    }
}
