package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.model.mixture.Mixture;

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
                kernels.ensemble().likelihoodsOfAnswers,
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
        stream.launch(
                kernels.relativeLikelihoods,
                blocks(rows),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(scratch.trained)
                        .add(input(memory.exponents))
                        .add(input(memory.classes))
                        .add(scratch.relatives)
                        .add(answers)
                        .add(rows));
        keep(stream, ModelPart.ANSWERS);
        stream.launch(
                kernels.ensemble().answerWeights,
                shape.models(),
                1,
                LinearModel.MAX_EXPERTS,
                0,
                new Arguments()
                        .add(states.all(ModelPart.ANSWERS))
                        .add(scratch.relatives)
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(switchingRates)
                        .add(scratch.weights)
                        .add(Mixture.DEFAULT_SWITCHING_RATES.size())
                        .add(answers)
                        .add(rows));
        stream.launch(
                kernels.ensemble().ensembleAnswers,
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
        copy(stream, ModelPart.ANSWERS, output(memory.answers), false);
        stream.copyToHost(memory.outputs, memory.hostOutputs, 0);
    }
}
