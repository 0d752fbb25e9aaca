package io.freshet.model.cuda;

import io.freshet.ensemble.Projection;
import io.freshet.model.cuda.device.Arguments;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.Product;
import io.freshet.model.cuda.device.Product.Operand;
import io.freshet.model.ensemble.EnsembleRule;
import org.jspecify.annotations.Nullable;

/**
 * The work of an ensemble's block that follows the steps of its linear models in their stream: the
 * predictions of the linear experts, and predictions and learning of the nearest examples.
 */
final class NearStage extends Stage {
    private static final int ROWS_AT_ONCE = 8;

    private final @Nullable DeviceMemory signs;

    /**
     * @param signs (dimensions, features) floats of the projection; null where there is none
     */
    NearStage(
            LinearModel model,
            BlockShape shape,
            LearnerKernels kernels,
            ModelStates states,
            BlockMemory memory,
            @Nullable DeviceMemory signs) {
        super(model, shape, kernels, states, memory);
        this.signs = signs;
    }

    @Override
    void run(DeviceStream stream) {
        EnsembleMemory scratch = ensemble();
        int rows = shape.rows();
        int maxEpochs = EnsembleSizes.maxEpochs(rows);
        int dimensions = Projection.dimensions(model.numFeatures());
        stream.launch(
                kernels.get("linearExperts"),
                (rows * model.numRates() + WARPS - 1) / WARPS,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.logits)
                        .add(input(memory.counts))
                        .add(scratch.logs)
                        .add(model.numRates())
                        .add(model.numExperts())
                        .add(rows)
                        .add(model.numOutputs()));
        keep(stream, ModelPart.EXAMPLE_COUNTS);
        stream.launch(
                kernels.get("planWindow"),
                shape.models(),
                1,
                32,
                2 * rows * Integer.BYTES,
                new Arguments()
                        .add(states.all(ModelPart.EXAMPLE_COUNTS))
                        .add(input(memory.classes))
                        .add(input(memory.ends))
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(scratch.before)
                        .add(scratch.places)
                        .add(scratch.epochs)
                        .add(scratch.starts)
                        .add(scratch.seen)
                        .add(rows)
                        .add(maxEpochs));
        computePoints(stream, scratch, maxEpochs, dimensions);
        stream.launch(
                kernels.get("nearest"),
                rows / ROWS_AT_ONCE,
                shape.models(),
                THREADS,
                ROWS_AT_ONCE * (dimensions + 2 * model.numOutputs()) * Float.BYTES,
                new Arguments()
                        .add(states.all(ModelPart.POINTS))
                        .add(states.all(ModelPart.POINT_CLASSES))
                        .add(scratch.points)
                        .add(input(memory.classes))
                        .add(scratch.before)
                        .add(scratch.places)
                        .add(scratch.seen)
                        .add(input(memory.counts))
                        .add(input(memory.slots))
                        .add(scratch.logs)
                        .add(model.numExperts())
                        .add(model.numRates() + EnsembleSizes.FERN_EXPERTS)
                        .add(rows)
                        .add(dimensions)
                        .add(model.numFeatures())
                        .add(model.numOutputs()));
        keep(stream, ModelPart.POINTS);
        keep(stream, ModelPart.POINT_CLASSES);
        keep(stream, ModelPart.FEATURE_WEIGHTS);
        stream.launch(
                kernels.get("appendToWindow"),
                blocks(Math.max(model.numFeatures(), (long) dimensions * rows)),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(states.all(ModelPart.POINTS))
                        .add(states.all(ModelPart.POINT_CLASSES))
                        .add(states.all(ModelPart.FEATURE_WEIGHTS))
                        .add(scratch.points)
                        .add(scratch.featureWeights)
                        .add(input(memory.classes))
                        .add(scratch.places)
                        .add(scratch.starts)
                        .add(scratch.seen)
                        .add(input(memory.slots))
                        .add(maxEpochs)
                        .add(rows)
                        .add(dimensions)
                        .add(model.numFeatures()));
    }

    /** Computes the weights of the features in each epoch, and the points of the rows. */
    private void computePoints(
            DeviceStream stream, EnsembleMemory scratch, int maxEpochs, int dimensions) {
        int rows = shape.rows();
        int features = model.numFeatures();
        int group = EnsembleSizes.group(model.numOutputs());
        int featuresOfBlock = WARPS * (32 / group);
        stream.launch(
                kernels.get("spreads"),
                (features + featuresOfBlock - 1) / featuresOfBlock,
                Math.multiplyExact(maxEpochs, shape.models()),
                THREADS,
                0,
                new Arguments()
                        .add(before(ModelPart.LINEAR))
                        .add(memory.scaled)
                        .add(memory.gradients)
                        .add(scratch.starts)
                        .add(scratch.spreads)
                        .add(maxEpochs)
                        .add(EnsembleRule.DISTANCE_RATE)
                        .add(model.numRates())
                        .add(model.numOutputs())
                        .add(group)
                        .add(features)
                        .add(model.width())
                        .add(rows));
        stream.launch(
                kernels.get("weightsOfFeatures"),
                maxEpochs,
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(states.all(ModelPart.FEATURE_WEIGHTS))
                        .add(scratch.spreads)
                        .add(scratch.starts)
                        .add(input(memory.slots))
                        .add(scratch.featureWeights)
                        .add(maxEpochs)
                        .add(features));
        stream.launch(
                kernels.get("weighFeatures"),
                blocks((long) features * rows),
                shape.models(),
                THREADS,
                0,
                new Arguments()
                        .add(memory.scaled)
                        .add(scratch.featureWeights)
                        .add(scratch.epochs)
                        .add(scratch.weighted)
                        .add(maxEpochs)
                        .add(features)
                        .add(model.width())
                        .add(rows));
        if (signs != null) {
            stream.multiply(
                    new Product(
                            shape.models(),
                            dimensions,
                            features,
                            rows,
                            Operand.of(signs, features, 0),
                            Operand.of(scratch.weighted, rows, (long) features * rows),
                            0,
                            Operand.of(scratch.points, rows, (long) dimensions * rows)));
        }
    }
}
