package io.freshet.model.cuda;

import io.freshet.model.cuda.MemoryLayout.Place;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.PinnedMemory;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one block: its inputs and outputs, on the host and on the device, and scratch on
 * the device. Arrays are for each model of the block one after the other; sizes in brackets are
 * those of one model.
 */
final class BlockMemory {
    // Inputs, copied together.
    final Place slots;
    final Place counts;

    /** First row of the last mini-batch, and the index after its last row. */
    final Place lasts;

    /** (4) factors of parameters and velocity in the closing step; see steps.cu. */
    final Place closing;

    final Place labels;
    final Place ends;
    final Place batches;
    final Place scales;
    final Place exponents;
    final Place labelWeights;

    /** (rows + 1, 2), (2, rows) and (rows + 1, rows); empty for plain steps. */
    final Place factors;

    final Place lastCoefficients;
    final Place coefficients;

    /** (rows, outputs) each, or empty. */
    final Place targets;

    final Place offsets;
    final Place slopes;

    /** (rows) classes that an ensemble learns, -1 for none; empty without an ensemble. */
    final Place classes;

    /** (rows, features). */
    final Place raw;

    // Outputs, copied together.

    /** (rows, 4): reported loss, training loss, confidence, Brier score. */
    final Place scores;

    /** (rows, 2): predicted class, rank of the label. */
    final Place ranks;

    /** (rows, losses): minus the reported loss of each expert, and of each combination. */
    final Place reported;

    /** (rates). */
    final Place norms;

    /** Sums over the parameters after the block; see {@link ParameterSums}. */
    final Place sums;

    /** (features) doubles: numbers of clipped values after the block; empty if none are clipped. */
    final Place clipped;

    /** The state of the mixture after the block. */
    final Place mixture;

    /** The states of an ensemble's stacks, and of the weights of its answers, after the block. */
    final Place stacks;

    final Place answers;

    /** All of the scratch. */
    final DeviceMemory scratch;

    // Scratch.
    final DeviceMemory scaled;
    final DeviceMemory gram;
    final DeviceMemory logits;
    final DeviceMemory velocityLogits;
    final DeviceMemory gradients;
    final DeviceMemory scaledGradients;
    final DeviceMemory steps;
    final DeviceMemory change;
    final DeviceMemory velocityChange;
    final DeviceMemory normalisers;
    final DeviceMemory trained;
    final DeviceMemory relatives;
    final DeviceMemory weights;
    final DeviceMemory baselines;

    /** (rows, classes). */
    final DeviceMemory probabilities;

    /** The parts of the models' states before the block. */
    final Map<ModelPart, DeviceMemory> before = new EnumMap<>(ModelPart.class);

    /** Scratch of an ensemble; null without one. */
    final @Nullable EnsembleMemory ensemble;

    final PinnedMemory hostInputs;
    final PinnedMemory hostOutputs;
    final PinnedMemory hostProbabilities;
    final DeviceMemory inputs;
    final DeviceMemory outputs;

    BlockMemory(Device device, LinearModel model, BlockShape shape) {
        long models = shape.models();
        long rows = models * shape.rows();
        int outputs = model.numOutputs();
        MemoryLayout in = new MemoryLayout();
        slots = in.words(models);
        counts = in.words(models);
        lasts = in.words(models * 2);
        closing = in.words(models * 4);
        labels = in.words(rows);
        ends = in.words(rows);
        batches = in.words(rows);
        scales = in.words(rows);
        exponents = in.words(rows);
        labelWeights = in.words(rows);
        boolean plain = model.isPlain();
        long stepCounts = shape.rows() + 1L;
        factors = in.words(plain ? 0 : models * stepCounts * 2);
        lastCoefficients = in.words(plain ? 0 : rows * 2);
        coefficients = in.words(plain ? 0 : models * stepCounts * shape.rows());
        targets = in.words(shape.hasTargets() ? rows * outputs : 0);
        offsets = in.words(shape.gradient() == Gradient.OF_LABEL ? 0 : rows * outputs);
        slopes = in.words(shape.gradient() == Gradient.OF_SIGMOID ? rows * outputs : 0);
        classes = in.words(model.ensemble() == null ? 0 : rows);
        raw = in.words(rows * model.numFeatures());

        MemoryLayout out = new MemoryLayout();
        scores = out.words(rows * 4);
        ranks = out.words(rows * 2);
        reported = out.words(rows * model.numLosses());
        norms = out.words(models * model.numRates());
        sums = out.doubles(models * new ParameterSums(model).size());
        boolean clips = model.scaling() != null && model.scaling().clip() > 0;
        clipped = out.doubles(clips ? models * model.numFeatures() : 0);
        mixture = out.words(models * ModelPart.MIXTURE.words(model));
        stacks = out.words(models * ModelPart.STACKS.words(model));
        answers = out.words(models * ModelPart.ANSWERS.words(model));

        int columns = model.numColumns();
        long parameters = models * model.numParameters();
        MemoryLayout layout = new MemoryLayout();
        Place ofScaled = layout.words(rows * model.width());
        Place ofGram = layout.words(rows * shape.rows());
        Place ofLogits = layout.words(rows * columns);
        Place ofVelocityLogits = layout.words(model.hasVelocity() ? rows * columns : 0);
        Place ofGradients = layout.words(rows * columns);
        Place ofScaledGradients = layout.words(plain ? 0 : rows * columns);
        Place ofSteps = layout.words(rows * model.numRates());
        Place ofChange = layout.words(parameters);
        Place ofVelocityChange = layout.words(model.hasVelocity() ? parameters : 0);
        Place ofNormalisers = layout.words(rows * model.numRates());
        Place ofTrained = layout.words(rows * model.numExperts());
        Place ofRelatives = layout.doubles(model.mixture() == null ? 0 : rows * model.numExperts());
        Place ofWeights = layout.words(model.mixture() == null ? 0 : rows * model.numExperts());
        boolean hasBaselines = model.mixture() != null && model.mixture().baselines();
        Place ofBaselines = layout.words(hasBaselines ? rows * 2 * outputs : 0);
        Place ofProbabilities = layout.words(rows * model.numClasses());
        Map<ModelPart, Place> ofBefore = new EnumMap<>(ModelPart.class);
        for (ModelPart part : ModelPart.values()) {
            if (part.words(model) > 0) {
                ofBefore.put(part, layout.words(models * part.words(model)));
            }
        }

        scratch = device.allocate(layout.size());
        scaled = ofScaled.in(scratch);
        gram = ofGram.in(scratch);
        logits = ofLogits.in(scratch);
        velocityLogits = ofVelocityLogits.in(scratch);
        gradients = ofGradients.in(scratch);
        scaledGradients = ofScaledGradients.in(scratch);
        steps = ofSteps.in(scratch);
        change = ofChange.in(scratch);
        velocityChange = ofVelocityChange.in(scratch);
        normalisers = ofNormalisers.in(scratch);
        trained = ofTrained.in(scratch);
        relatives = ofRelatives.in(scratch);
        weights = ofWeights.in(scratch);
        baselines = ofBaselines.in(scratch);
        probabilities = ofProbabilities.in(scratch);
        ofBefore.forEach((part, place) -> before.put(part, place.in(scratch)));
        ensemble = model.ensemble() == null ? null : new EnsembleMemory(device, model, shape);
        inputs = device.allocate(in.size());
        this.outputs = device.allocate(out.size());
        hostInputs = device.allocatePinned(Math.toIntExact(in.size()));
        hostOutputs = device.allocatePinned(Math.toIntExact(out.size()));
        hostProbabilities = device.allocatePinned(Math.toIntExact(probabilities.bytes()));
    }

    private static ByteBuffer bytes(ByteBuffer buffer, Place place) {
        return buffer.slice((int) place.offset(), (int) place.bytes()).order(buffer.order());
    }

    /** Returns the words of a place in a buffer, as integers. */
    static IntBuffer ints(ByteBuffer buffer, Place place) {
        return bytes(buffer, place).asIntBuffer();
    }

    /** Returns the words of a place in a buffer, as floats. */
    static FloatBuffer floats(ByteBuffer buffer, Place place) {
        return bytes(buffer, place).asFloatBuffer();
    }

    /** Returns the pairs of words of a place in a buffer, as doubles. */
    static DoubleBuffer doubles(ByteBuffer buffer, Place place) {
        return bytes(buffer, place).asDoubleBuffer();
    }
}
