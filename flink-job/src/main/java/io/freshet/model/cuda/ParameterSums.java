package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import java.nio.DoubleBuffer;

/**
 * Sums over the parameters of models: for each learning rate those of magnitudes and of squares.
 */
final class ParameterSums {
    private static final int MAX_PARTS = 64;
    private static final int PARAMETERS_OF_PART = 1 << 14;

    private final LinearModel model;

    /** Parts in which the device sums, one after the other in memory. */
    private final int parts;

    ParameterSums(LinearModel model) {
        this.model = model;
        this.parts = Math.max(1, Math.min(MAX_PARTS, model.numParameters() / PARAMETERS_OF_PART));
    }

    /** Returns the number of doubles that a model takes. */
    int size() {
        return model.numRates() * parts * 2;
    }

    /**
     * Adds the work to a stream.
     *
     * @param states parameters of the first slot, and what follows them
     * @param slots address of the slots of the models; {@link Stage#NONE} for the first slot
     * @param sums (models, {@link #size}) doubles
     */
    void run(
            DeviceStream stream,
            LearnerKernels kernels,
            int models,
            DeviceMemory states,
            long slots,
            DeviceMemory sums) {
        stream.launch(
                kernels.get("magnitudes"),
                model.numRates() * parts,
                models,
                Stage.THREADS,
                0,
                new Arguments()
                        .add(states)
                        .add(sums)
                        .add(slots)
                        .add(Math.toIntExact(ModelPart.LINEAR.words(model)))
                        .add(parts)
                        .add(model.width())
                        .add(model.numColumns())
                        .add(model.numOutputs()));
    }

    /** Returns the sum of the magnitudes of a rate's parameters. */
    double ofMagnitudes(DoubleBuffer sums, int place, int rate) {
        return sum(sums, place, rate, 0);
    }

    /** Returns the sum of the squares of a rate's parameters. */
    double ofSquares(DoubleBuffer sums, int place, int rate) {
        return sum(sums, place, rate, 1);
    }

    private double sum(DoubleBuffer sums, int place, int rate, int which) {
        double sum = 0;
        int first = (place * model.numRates() + rate) * parts;
        for (int part = first; part < first + parts; part++) {
            sum += sums.get(2 * part + which);
        }
        return sum;
    }
}
