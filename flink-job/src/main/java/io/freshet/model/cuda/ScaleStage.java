package io.freshet.model.cuda;

import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceStream;

/** The first stage of a block: copies the inputs, and scales the rows. */
final class ScaleStage extends Stage {
    ScaleStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory) {
        super(model, shape, kernels, states, memory);
    }

    @Override
    void run(DeviceStream stream) {
        stream.copyToDevice(memory.hostInputs, 0, memory.inputs);
        if (model.ensemble() != null && shape.gradient() != Gradient.OF_LABEL) {
            stream.launch(
                    kernels.get("learntTargets"),
                    blocks(shape.rows()),
                    shape.models(),
                    THREADS,
                    0,
                    new Arguments()
                            .add(input(memory.offsets))
                            .add(input(memory.counts))
                            .add(ensemble().targets)
                            .add(shape.rows())
                            .add(model.numOutputs()));
        }
        keep(stream, ModelPart.SCALER);
        Scaling scaling = model.scaling();
        int rows = shape.rows();
        if (scaling == null) {
            stream.launch(
                    kernels.get("copyFeatures"),
                    blocks((long) rows * model.width()),
                    shape.models(),
                    THREADS,
                    0,
                    new Arguments()
                            .add(input(memory.raw))
                            .add(memory.scaled)
                            .add(input(memory.counts))
                            .add(rows)
                            .add(model.numFeatures())
                            .add(model.width()));
            return;
        }
        int threads = Math.min(THREADS, (model.width() + 31) / 32 * 32);
        stream.launch(
                kernels.get("scaleFeatures"),
                (model.width() + threads - 1) / threads,
                shape.models(),
                threads,
                0,
                new Arguments()
                        .add(input(memory.raw))
                        .add(memory.scaled)
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(states.all(ModelPart.SCALER))
                        .add(before(ModelPart.SCALER))
                        .add(scaling.clip() > 0 ? output(memory.clipped).address() : NONE)
                        .add(rows)
                        .add(model.numFeatures())
                        .add(model.width())
                        .add(scaling.lossPerExample())
                        .add(scaling.clip())
                        .add(scaling.acceptsMissing() ? 1 : 0));
    }
}
