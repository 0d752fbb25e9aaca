package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.MemoryLayout.Place;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;

/**
 * The fixed-share update of the weights of some predictions, row by row, within a stage: of the
 * experts in a mixture, or of an ensemble's combinations in its answer; see scores.cu.
 *
 * @param part the weights' state
 * @param count number of predictions
 * @param trained (rows, count) floats: minus the training loss of each prediction
 * @param relatives (rows, count) doubles of scratch
 * @param weights (rows, count) floats: the weights before each row. Modified.
 * @param after output with the state after the block. Modified.
 */
record FixedShare(
        ModelPart part,
        int count,
        DeviceMemory trained,
        DeviceMemory relatives,
        DeviceMemory weights,
        Place after) {
    /** Returns the update of the weights of the experts in the mixture. */
    static FixedShare ofExperts(Stage stage) {
        BlockMemory memory = stage.memory;
        return new FixedShare(
                ModelPart.MIXTURE,
                stage.model.numExperts(),
                memory.trained,
                memory.relatives,
                memory.weights,
                memory.mixture);
    }

    /** Returns the update of the weights of the mixture and the stacks in an ensemble's answer. */
    static FixedShare ofAnswers(Stage stage) {
        EnsembleMemory scratch = stage.ensemble();
        return new FixedShare(
                ModelPart.ANSWERS,
                Combination.ANSWERS,
                scratch.trained,
                scratch.relatives,
                scratch.weights,
                stage.memory.answers);
    }

    /**
     * Adds the work to a stream, and keeps the state before it.
     *
     * @param labels input with the class of each row that is learnt, -1 for none
     * @param switchingRates (switching rates) doubles
     */
    void run(Stage stage, DeviceStream stream, Place labels, DeviceMemory switchingRates) {
        BlockMemory memory = stage.memory;
        int rows = stage.shape.rows();
        int models = stage.shape.models();
        stream.launch(
                stage.kernels.get("relativeLikelihoods"),
                Stage.blocks(rows),
                models,
                Stage.THREADS,
                0,
                new Arguments()
                        .add(trained)
                        .add(stage.input(memory.exponents))
                        .add(stage.input(labels))
                        .add(relatives)
                        .add(count)
                        .add(rows));
        stage.keep(stream, part);
        stream.launch(
                stage.kernels.get(KernelNames.mixtureWeights(count)),
                models,
                1,
                LinearModel.MAX_EXPERTS,
                0,
                new Arguments()
                        .add(stage.states.all(part))
                        .add(relatives)
                        .add(stage.input(memory.ends))
                        .add(stage.input(memory.counts))
                        .add(stage.input(memory.slots))
                        .add(switchingRates)
                        .add(weights)
                        .add(Math.toIntExact(switchingRates.bytes() / Double.BYTES))
                        .add(count)
                        .add(rows));
        stage.copy(stream, part, stage.output(after), false);
    }
}
