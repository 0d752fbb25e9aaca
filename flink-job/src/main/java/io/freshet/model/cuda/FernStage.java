package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceStream;

/**
 * The stage of an ensemble's block that needs only the scaled rows: predictions and learning of the
 * ferns and of the experts that see only labels.
 */
final class FernStage extends Stage {
    FernStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory) {
        super(model, shape, kernels, states, memory);
    }

    @Override
    void run(DeviceStream stream) {
        EnsembleMemory scratch = ensemble();
        int rows = shape.rows();
        keep(stream, ModelPart.FERN_TESTS);
        stream.launch(
                kernels.get("fernCells"),
                blocks((long) rows * EnsembleSizes.FERNS),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.scaled)
                        .add(states.all(ModelPart.FERN_TESTS))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(scratch.cells)
                        .add(rows)
                        .add(model.width()));
        keep(stream, ModelPart.FERNS);
        stream.launch(
                kernels.get(KernelNames.ferns(model)),
                EnsembleSizes.FERN_EXPERTS,
                shape.models(),
                EnsembleSizes.ACTIVE,
                0,
                new Arguments()
                        .add(states.all(ModelPart.FERNS))
                        .add(scratch.cells)
                        .add(input(memory.classes))
                        .add(input(memory.exponents))
                        .add(learntTargets())
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(scratch.logs)
                        .add(model.numExperts())
                        .add(model.numRates())
                        .add(rows)
                        .add(EnsembleSizes.floatsOfFerns(model.numOutputs())));
        if (!states.has(ModelPart.LABEL_COUNTS)) {
            return;
        }
        keep(stream, ModelPart.LABEL_COUNTS);
        stream.launch(
                kernels.get("labelExperts"),
                shape.models(),
                1,
                32,
                0,
                new Arguments()
                        .add(states.all(ModelPart.LABEL_COUNTS))
                        .add(input(memory.classes))
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(scratch.logs)
                        .add(model.numExperts())
                        .add(model.numRates() + 2 * EnsembleSizes.FERN_EXPERTS)
                        .add(rows)
                        .add(model.numOutputs()));
    }
}
