package io.freshet.model.cuda;

import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.MemoryLayout.Place;
import io.freshet.model.cuda.Product.Operand;
import org.jspecify.annotations.Nullable;

/**
 * The work of the device for one block, in three stages, each in a stream of its own: the rows are
 * scaled, the steps taken, and the predictions scored. So a stage works on one block while the next
 * stage works on the block before it.
 *
 * <p>The kernels are described in src/main/cuda.
 */
final class BlockGraph {
    private static final int THREADS = 256;
    private static final int WARPS = THREADS / 32;

    private final LinearModel model;
    private final BlockShape shape;
    private final LearnerKernels kernels;
    private final ModelStates states;
    private final BlockMemory memory;
    private final DeviceMemory rates;
    private final @Nullable DeviceMemory switchingRates;

    /**
     * @param rates (learning rates) floats
     * @param switchingRates (switching rates) doubles; null without a mixture
     */
    BlockGraph(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory,
            DeviceMemory rates,
            @Nullable DeviceMemory switchingRates) {
        this.model = model;
        this.shape = shape;
        this.kernels = kernels;
        this.states = states;
        this.memory = memory;
        this.rates = rates;
        this.switchingRates = switchingRates;
    }

    private static int blocks(long threads) {
        return Math.toIntExact((threads + THREADS - 1) / THREADS);
    }

    private DeviceMemory input(Place place) {
        return place.in(memory.inputs);
    }

    private DeviceMemory output(Place place) {
        return place.in(memory.outputs);
    }

    /** An address that kernels take for an array that is not there. */
    private static long none() {
        return 0;
    }

    /** Copies the inputs, and scales the rows. */
    void scale(DeviceStream stream) {
        stream.copyToDevice(memory.hostInputs, 0, memory.inputs);
        keep(stream, ModelPart.SCALER);
        Scaling scaling = model.scaling();
        int rows = shape.rows();
        if (scaling == null) {
            stream.launch(
                    kernels.copyFeatures,
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
                kernels.scaleFeatures,
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
                        .add(rows)
                        .add(model.numFeatures())
                        .add(model.width())
                        .add(scaling.lossPerExample())
                        .add(scaling.clip())
                        .add(scaling.acceptsMissing() ? 1 : 0));
    }

    /** Computes the logits of each row before its step, and takes the steps. */
    void step(DeviceStream stream) {
        keep(stream, ModelPart.LINEAR);
        int models = shape.models();
        int rows = shape.rows();
        int columns = model.numColumns();
        int width = model.width();
        DeviceMemory before = before(ModelPart.LINEAR);
        long ofModel = ModelPart.LINEAR.words(model);
        Operand inputs = Operand.of(memory.scaled, width, (long) rows * width);
        Operand logits = Operand.of(memory.logits, columns, (long) rows * columns);
        Operand gram = Operand.of(memory.gram, rows, (long) rows * rows);
        stream.multiply(new Product(models, rows, width, rows, inputs, inputs.transposed(), 0, gram));
        Operand parameters = Operand.of(before, columns, ofModel);
        stream.multiply(new Product(models, rows, width, columns, inputs, parameters, 0, logits));
        if (model.hasVelocity()) {
            Operand velocity =
                    Operand.of(
                            before.from((long) model.numParameters() * Float.BYTES),
                            columns,
                            ofModel);
            Operand velocityLogits =
                    Operand.of(memory.velocityLogits, columns, (long) rows * columns);
            stream.multiply(
                    new Product(
                            models, rows, width, columns, inputs, velocity, 0, velocityLogits));
        }
        stream.launch(
                kernels.plainSteps,
                blocks((long) model.numRates() * rows),
                models,
                THREADS,
                0,
                new Arguments()
                        .add(memory.steps)
                        .add(input(memory.scales))
                        .add(rates)
                        .add(model.numRates())
                        .add(rows));
        if (model.couplesRows()) {
            stream.launch(
                    kernels.couple,
                    blocks((long) rows * Math.max(rows, columns)),
                    models,
                    THREADS,
                    0,
                    new Arguments()
                            .add(memory.gram)
                            .add(memory.logits)
                            .add(model.hasVelocity() ? memory.velocityLogits.address() : none())
                            .add(input(memory.batches))
                            .add(input(memory.coefficients))
                            .add(input(memory.factors))
                            .add(rows)
                            .add(columns)
                            .add(model.isPlain() ? 1 : 0));
        }
        substitute(stream);
        close(stream);
    }

    /** Computes the gradients of the rows one after the other. */
    private void substitute(DeviceStream stream) {
        Recursion recursion = Recursion.of(model.numOutputs(), shape.gradient());
        Kernel kernel = kernels.recursion(shape.gradient());
        int rows = shape.rows();
        int columns = model.numColumns();
        int atOnce = recursion.rowsAtOnce() == 0 ? rows : recursion.rowsAtOnce();
        for (int first = 0; first < rows; first += atOnce) {
            if (first > 0) {
                // The steps of all earlier rows, in one product.
                Operand factors =
                        Operand.of(
                                memory.gram.from((long) first * Float.BYTES),
                                rows,
                                (long) rows * rows);
                Operand gradients =
                        Operand.of(memory.gradients, columns, (long) rows * columns);
                Operand logits =
                        Operand.of(
                                memory.logits.from((long) first * columns * Float.BYTES),
                                columns,
                                (long) rows * columns);
                stream.multiply(
                        new Product(
                                shape.models(),
                                atOnce,
                                first,
                                columns,
                                factors.transposed(),
                                gradients,
                                1,
                                logits));
            }
            Arguments arguments =
                    new Arguments()
                            .add(memory.logits)
                            .add(memory.gram)
                            .add(memory.gradients)
                            .add(memory.steps)
                            .add(input(memory.labels))
                            .add(input(memory.slopes))
                            .add(input(memory.offsets))
                            .add(rows)
                            .add(columns);
            if (recursion.rowsAtOnce() > 0) {
                arguments.add(model.numOutputs()).add(first);
            }
            stream.launch(
                    kernel,
                    model.numRates(),
                    shape.models(),
                    recursion.threads(rows),
                    recursion.sharedBytes(rows, model.numOutputs()),
                    arguments);
        }
    }

    /** Takes the steps of all rows, and computes the norms of the last gradient. */
    private void close(DeviceStream stream) {
        int rows = shape.rows();
        int columns = model.numColumns();
        addSteps(stream, 0, memory.change);
        if (model.hasVelocity()) {
            addSteps(stream, 1, memory.velocityChange);
        }
        stream.launch(
                kernels.takeSteps,
                blocks(model.numParameters()),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(states.all(ModelPart.LINEAR))
                        .add(before(ModelPart.LINEAR))
                        .add(memory.change)
                        .add(memory.velocityChange)
                        .add(input(memory.closing))
                        .add(input(memory.slots))
                        .add(model.numParameters())
                        .add(model.hasVelocity() ? 1 : 0));
        stream.launch(
                kernels.gradientNorms,
                model.numRates(),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.gram)
                        .add(memory.gradients)
                        .add(input(memory.lasts))
                        .add(output(memory.norms))
                        .add(rows)
                        .add(columns)
                        .add(model.numOutputs()));
    }

    /** Computes {@code Xᵀ G}, with G weighted by the coefficients of the optimiser's steps. */
    private void addSteps(DeviceStream stream, int which, DeviceMemory change) {
        int rows = shape.rows();
        int columns = model.numColumns();
        DeviceMemory gradients = memory.gradients;
        if (!model.isPlain()) {
            gradients = memory.scaledGradients;
            stream.launch(
                    kernels.scaleGradients,
                    blocks((long) rows * columns),
                    shape.models(),
                    THREADS,
                    0,
                    new Arguments()
                            .add(memory.gradients)
                            .add(gradients)
                            .add(input(memory.batches))
                            .add(input(memory.lastCoefficients))
                            .add(which)
                            .add(rows)
                            .add(columns));
        }
        stream.multiply(
                new Product(
                        shape.models(),
                        model.width(),
                        rows,
                        columns,
                        Operand.of(memory.scaled, model.width(), (long) rows * model.width())
                                .transposed(),
                        Operand.of(gradients, columns, (long) rows * columns),
                        0,
                        Operand.of(change, columns, model.numParameters())));
    }

    /** Scores the rows, and updates the weights of the experts. */
    void score(DeviceStream stream) {
        keep(stream, ModelPart.MIXTURE);
        keep(stream, ModelPart.BASELINES);
        int rows = shape.rows();
        DeviceMemory targets = input(memory.targets);
        DeviceMemory offsets = input(memory.offsets);
        boolean hasOffsets = shape.gradient() != Gradient.OF_LABEL;
        stream.launch(
                kernels.likelihoods,
                (rows * model.numRates() + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.logits)
                        .add(input(memory.labels))
                        .add(shape.hasTargets() ? targets.address() : none())
                        .add(input(memory.slopes))
                        .add(hasOffsets ? offsets.address() : none())
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
                kernels.answers,
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
                        .add(mixture != null ? memory.weights.address() : none())
                        .add(input(memory.labels))
                        .add(input(memory.counts))
                        .add(shape.hasTargets() ? targets.address() : none())
                        .add(hasOffsets ? offsets.address() : none())
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
                    kernels.baselinePredictions,
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
                            .add(shape.hasTargets() ? input(memory.targets).address() : none())
                            .add(
                                    shape.gradient() == Gradient.OF_LABEL
                                            ? none()
                                            : offsets.address())
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
        stream.launch(
                kernels.mixtureWeights,
                shape.models(),
                1,
                LinearModel.MAX_EXPERTS,
                0,
                new Arguments()
                        .add(states.all(ModelPart.MIXTURE))
                        .add(memory.trained)
                        .add(input(memory.exponents))
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(switchingRates)
                        .add(memory.weights)
                        .add(model.numSwitchingRates())
                        .add(model.numExperts())
                        .add(rows));
        copy(stream, ModelPart.MIXTURE, output(memory.mixture), false);
    }

    /** Restores the states of the block's models as they were before it. */
    void undo(DeviceStream stream) {
        for (ModelPart part : ModelPart.values()) {
            if (states.has(part)) {
                copy(stream, part, before(part), true);
            }
        }
    }

    private DeviceMemory before(ModelPart part) {
        DeviceMemory before = memory.before.get(part);
        if (before == null) {
            throw new IllegalStateException("the models have no " + part);
        }
        return before;
    }

    private void keep(DeviceStream stream, ModelPart part) {
        if (states.has(part)) {
            copy(stream, part, before(part), false);
        }
    }

    private void copy(DeviceStream stream, ModelPart part, DeviceMemory copies, boolean isBack) {
        long words = part.words(model);
        stream.launch(
                kernels.copyStates,
                blocks(words),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(states.all(part))
                        .add(copies)
                        .add(input(memory.slots))
                        .add(Math.toIntExact(words))
                        .add(isBack ? 1 : 0));
    }
}
