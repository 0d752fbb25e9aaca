package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.Kernel;
import io.freshet.model.cuda.device.Product;
import io.freshet.model.cuda.device.Product.Operand;

/**
 * The second stage of a block: computes the logits of each row before its step, and takes the
 * steps.
 */
final class StepStage extends Stage {
    private final DeviceMemory rates;

    /**
     * @param rates (learning rates) floats
     */
    StepStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory,
            DeviceMemory rates) {
        super(model, shape, kernels, states, memory);
        this.rates = rates;
    }

    @Override
    void run(DeviceStream stream) {
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
        stream.multiply(
                new Product(models, rows, width, rows, inputs, inputs.transposed(), 0, gram));
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
                    new Product(models, rows, width, columns, inputs, velocity, 0, velocityLogits));
        }
        computeSteps(stream);
        if (model.couplesRows()) {
            stream.launch(
                    kernels.get("couple"),
                    blocks((long) rows * Math.max(rows, columns)),
                    models,
                    THREADS,
                    0,
                    new Arguments()
                            .add(memory.gram)
                            .add(memory.logits)
                            .add(model.hasVelocity() ? memory.velocityLogits.address() : NONE)
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

    private void computeSteps(DeviceStream stream) {
        int rows = shape.rows();
        Arguments arguments =
                new Arguments().add(memory.steps).add(input(memory.scales)).add(rates);
        if (model.ensemble() == null) {
            stream.launch(
                    kernels.get("plainSteps"),
                    blocks((long) model.numRates() * rows),
                    shape.models(),
                    THREADS,
                    0,
                    arguments.add(model.numRates()).add(rows));
            return;
        }
        stream.launch(
                kernels.get("normalisedSteps"),
                (rows + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                arguments
                        .add(memory.scaled)
                        .add(input(memory.exponents))
                        .add(model.numRates())
                        .add(rows)
                        .add(model.width()));
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
                Operand gradients = Operand.of(memory.gradients, columns, (long) rows * columns);
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

    /** Takes the steps of all rows, and computes norms of the last gradient and of parameters. */
    private void close(DeviceStream stream) {
        int rows = shape.rows();
        int columns = model.numColumns();
        addSteps(stream, 0, memory.change);
        if (model.hasVelocity()) {
            addSteps(stream, 1, memory.velocityChange);
        }
        stream.launch(
                kernels.get("takeSteps"),
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
        new ParameterSums(model)
                .run(
                        stream,
                        kernels,
                        shape.models(),
                        states.all(ModelPart.LINEAR),
                        input(memory.slots).address(),
                        output(memory.sums));
        stream.launch(
                kernels.get("gradientNorms"),
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
                    kernels.get("scaleGradients"),
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
}
