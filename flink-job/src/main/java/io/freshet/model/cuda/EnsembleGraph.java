package io.freshet.model.cuda;

import io.freshet.ensemble.Projection;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.mixture.Mixture;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stages of the blocks of ensembles, and the constants that they share on the device.
 *
 * <p>Each stage has a stream of its own, in which it works on one block after the other, so that
 * the stages work on several blocks beside each other. A stage waits for those before it in its own
 * block only: the ferns for the scaled rows, as the linear models do; the mixture for both; then
 * the stacks; then the answer.
 */
final class EnsembleGraph {
    /** For each stage the stages of the same block that it waits for. */
    static final List<List<Integer>> AFTER =
            List.of(List.of(), List.of(0), List.of(0), List.of(1, 2), List.of(3), List.of(4));

    private final LinearModel model;
    private final LearnerKernels kernels;
    private final ModelStates states;
    private final DeviceMemory rates;
    private final DeviceMemory switchingRates;
    private final DeviceMemory answerSwitchingRates;
    private final @Nullable DeviceMemory signs;

    /**
     * @param rates (learning rates) floats
     * @param switchingRates (switching rates) doubles
     */
    EnsembleGraph(
            DeviceConstants constants,
            LinearModel model,
            LearnerKernels kernels,
            ModelStates states,
            DeviceMemory rates,
            DeviceMemory switchingRates) {
        this.model = model;
        this.kernels = kernels;
        this.states = states;
        this.rates = rates;
        this.switchingRates = switchingRates;
        this.answerSwitchingRates = constants.doubles(Mixture.DEFAULT_SWITCHING_RATES);
        this.signs = signs(constants, model.numFeatures());
    }

    private static @Nullable DeviceMemory signs(DeviceConstants constants, int numFeatures) {
        Projection projection = new Projection(numFeatures);
        if (projection.isIdentity()) {
            return null;
        }
        float[] signs = new float[projection.dimensions() * numFeatures];
        float[] row = new float[numFeatures];
        for (int d = 0; d < projection.dimensions(); d++) {
            projection.writeRow(d, row);
            System.arraycopy(row, 0, signs, d * numFeatures, numFeatures);
        }
        return constants.floats(signs);
    }

    /** Returns the stages of a block, in the order of {@link #AFTER}. */
    List<Stage> stages(BlockShape shape, BlockMemory memory) {
        StepStage step = new StepStage(model, shape, kernels, states, memory, rates);
        NearStage near = new NearStage(model, shape, kernels, states, memory, signs);
        return List.of(
                new ScaleStage(model, shape, kernels, states, memory),
                new Stage(model, shape, kernels, states, memory) {
                    @Override
                    void run(DeviceStream stream) {
                        step.run(stream);
                        near.run(stream);
                    }
                },
                new FernStage(model, shape, kernels, states, memory),
                new MixStage(model, shape, kernels, states, memory, switchingRates),
                new StackStage(model, shape, kernels, states, memory),
                new AnswerStage(model, shape, kernels, states, memory, answerSwitchingRates));
    }
}
