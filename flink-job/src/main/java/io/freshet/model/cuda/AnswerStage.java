package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;

/**
 * The last stage of an ensemble's block: combines the mixture and the stacks to the answer, scores
 * the rows, and copies the scores to the host.
 */
final class AnswerStage extends Stage {
    private final DeviceMemory switchingRates;

    /**
     * @param switchingRates (switching rates) doubles
     */
    AnswerStage(
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
        int answers = Combination.ANSWERS;
        long reportedTargets = shape.hasTargets() ? input(memory.targets).address() : NONE;
        stream.launch(
                kernels.get("likelihoodsOf<double>"),
                blocks((long) rows * answers),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(scratch.combined)
                        .add(input(memory.classes))
                        .add(learntTargets())
                        .add(input(memory.labels))
                        .add(reportedTargets)
                        .add(input(memory.counts))
                        .add(scratch.trained)
                        .add(output(memory.reported))
                        .add(answers)
                        .add(model.numLosses())
                        .add(model.numExperts())
                        .add(rows)
                        .add(model.numOutputs()));
        FixedShare.ofAnswers(this).run(this, stream, memory.classes, switchingRates);
        stream.launch(
                kernels.get("ensembleAnswers"),
                (rows + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(scratch.combined)
                        .add(scratch.weights)
                        .add(input(memory.labels))
                        .add(input(memory.counts))
                        .add(reportedTargets)
                        .add(
                                shape.gradient() == Gradient.OF_LABEL
                                        ? NONE
                                        : input(memory.offsets).address())
                        .add(input(memory.labelWeights))
                        .add(memory.probabilities)
                        .add(output(memory.scores))
                        .add(output(memory.ranks))
                        .add(rows)
                        .add(model.numOutputs()));
        stream.copyToHost(memory.outputs, memory.hostOutputs, 0);
    }
}
