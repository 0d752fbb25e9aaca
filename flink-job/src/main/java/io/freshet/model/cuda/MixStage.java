package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;

/** The stage of an ensemble's block that mixes all experts by a fixed-share mixture. */
final class MixStage extends Stage {
    private final DeviceMemory switchingRates;

    /**
     * @param switchingRates (switching rates) doubles
     */
    MixStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory,
            DeviceMemory switchingRates) {
        super(model, shape, kernels, states, memory);
        this.switchingRates = switchingRates;
    }

    @Override
    void run(DeviceStream stream) {
        EnsembleMemory scratch = ensemble();
        int rows = shape.rows();
        int experts = model.numExperts();
        stream.launch(
                kernels.get("likelihoodsOf<float>"),
                blocks((long) rows * experts),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(scratch.logs)
                        .add(input(memory.classes))
                        .add(learntTargets())
                        .add(input(memory.labels))
                        .add(shape.hasTargets() ? input(memory.targets).address() : NONE)
                        .add(input(memory.counts))
                        .add(memory.trained)
                        .add(output(memory.reported))
                        .add(experts)
                        .add(model.numLosses())
                        .add(0)
                        .add(rows)
                        .add(model.numOutputs()));
        FixedShare.ofExperts(this).run(this, stream, memory.classes, switchingRates);
        stream.launch(
                kernels.get("mixExperts"),
                blocks((long) rows * model.numOutputs()),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(scratch.logs)
                        .add(memory.weights)
                        .add(input(memory.counts))
                        .add(scratch.combined)
                        .add(experts)
                        .add(rows)
                        .add(model.numOutputs()));
    }
}
