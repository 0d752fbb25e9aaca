package io.freshet.model.cuda;

import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import org.jspecify.annotations.Nullable;

/**
 * The third stage of a block: scores the rows, updates the weights of the experts, and copies the
 * scores to the host.
 */
final class ScoreStage extends Stage {
    private final @Nullable DeviceMemory switchingRates;

    /**
     * @param switchingRates (switching rates) doubles; null without a mixture
     */
    ScoreStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory,
            @Nullable DeviceMemory switchingRates) {
        super(model, shape, kernels, states, memory);
        this.switchingRates = switchingRates;
    }

    @Override
    void run(DeviceStream stream) {
        keep(stream, ModelPart.BASELINES);
        int rows = shape.rows();
        DeviceMemory targets = input(memory.targets);
        DeviceMemory offsets = input(memory.offsets);
        boolean hasOffsets = shape.gradient() != Gradient.OF_LABEL;
        stream.launch(
                kernels.get("likelihoods"),
                (rows * model.numRates() + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.logits)
                        .add(input(memory.labels))
                        .add(shape.hasTargets() ? targets.address() : NONE)
                        .add(input(memory.slopes))
                        .add(hasOffsets ? offsets.address() : NONE)
                        .add(input(memory.labelWeights))
                        .add(memory.normalisers)
                        .add(output(memory.reported))
                        .add(memory.trained)
                        .add(model.numRates())
                        .add(model.numExperts())
                        .add(rows)
                        .add(model.numOutputs())
                        .add(model.isSigmoid() ? 1 : 0)
                        .add(model.trainsOnReportedLoss() ? 1 : 0));
        Mixing mixture = model.mixture();
        if (mixture != null) {
            mix(stream, mixture);
        }
        stream.launch(
                kernels.get("answers"),
                (rows + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.logits)
                        .add(memory.baselines)
                        .add(memory.normalisers)
                        .add(output(memory.reported))
                        .add(memory.trained)
                        .add(mixture != null ? memory.weights.address() : NONE)
                        .add(input(memory.labels))
                        .add(input(memory.counts))
                        .add(shape.hasTargets() ? targets.address() : NONE)
                        .add(hasOffsets ? offsets.address() : NONE)
                        .add(input(memory.labelWeights))
                        .add(memory.probabilities)
                        .add(output(memory.scores))
                        .add(output(memory.ranks))
                        .add(model.numRates())
                        .add(model.numExperts())
                        .add(rows)
                        .add(model.numOutputs())
                        .add(model.isSigmoid() ? 1 : 0));
        stream.copyToHost(memory.outputs, memory.hostOutputs, 0);
    }

    private void mix(DeviceStream stream, Mixing mixture) {
        int rows = shape.rows();
        DeviceMemory offsets = input(memory.offsets);
        if (mixture.baselines()) {
            stream.launch(
                    kernels.get("baselinePredictions"),
                    shape.models(),
                    1,
                    Math.min(1024, (model.numOutputs() + 31) / 32 * 32),
                    0,
                    new Arguments()
                            .add(states.all(ModelPart.BASELINES))
                            .add(input(memory.labels))
                            .add(input(memory.ends))
                            .add(input(memory.counts))
                            .add(input(memory.slots))
                            .add(shape.hasTargets() ? input(memory.targets).address() : NONE)
                            .add(shape.gradient() == Gradient.OF_LABEL ? NONE : offsets.address())
                            .add(input(memory.labelWeights))
                            .add(memory.baselines)
                            .add(output(memory.reported))
                            .add(memory.trained)
                            .add(model.numRates())
                            .add(rows)
                            .add(model.numOutputs())
                            .add(model.trainsOnReportedLoss() ? 1 : 0));
        }
        if (switchingRates == null) {
            throw new IllegalStateException("a mixture has switching rates");
        }
        FixedShare.ofExperts(this).run(this, stream, memory.labels, switchingRates);
    }
}
