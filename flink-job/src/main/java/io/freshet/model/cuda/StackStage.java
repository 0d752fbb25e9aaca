package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceStream;

/** The stage of an ensemble's block with its two stacks of experts. */
final class StackStage extends Stage {
    private static final int STACKS = 2;

    StackStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory) {
        super(model, shape, kernels, states, memory);
    }

    @Override
    void run(DeviceStream stream) {
        keep(stream, ModelPart.STACKS);
        stream.launch(
                kernels.get(KernelNames.stacks(model)),
                STACKS,
                shape.models(),
                32,
                0,
                new Arguments()
                        .add(ensemble().logs)
                        .add(ensemble().combined)
                        .add(states.all(ModelPart.STACKS))
                        .add(input(memory.classes))
                        .add(input(memory.exponents))
                        .add(learntTargets())
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(shape.rows()));
        copy(stream, ModelPart.STACKS, output(memory.stacks), false);
    }
}
