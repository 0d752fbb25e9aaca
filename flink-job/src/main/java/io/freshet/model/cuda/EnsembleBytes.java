package io.freshet.model.cuda;

import io.freshet.ensemble.FernTests;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.ensemble.FernState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/** Conversion of the state of an ensemble to its parts on the device, and back. */
final class EnsembleBytes {
    private static final float[] NO_FLOATS = {};

    private final LinearModel model;
    private final ModelStates states;
    private final int slot;
    private final int numClasses;

    EnsembleBytes(LinearModel model, ModelStates states, int slot) {
        this.model = model;
        this.states = states;
        this.slot = slot;
        this.numClasses = model.numOutputs();
    }

    private ByteBuffer newBytes(ModelPart part) {
        return ByteBuffer.allocate(Math.toIntExact(part.words(model) * Integer.BYTES))
                .order(ByteOrder.nativeOrder());
    }

    private ByteBuffer bytes(ModelPart part) {
        return states.read(part, slot);
    }

    void write(EnsembleState state) {
        FernState ferns = state.ferns();
        if (ferns.testFeatures().length == 0) {
            throw new IllegalArgumentException("the tests of the ferns are not chosen yet");
        }
        writeFerns(ferns.table());
        ByteBuffer tests = newBytes(ModelPart.FERN_TESTS);
        tests.asIntBuffer().put(ferns.testFeatures());
        tests.asFloatBuffer().put(ferns.testFeatures().length, ferns.testThresholds());
        states.write(ModelPart.FERN_TESTS, slot, tests);
        writeFloats(ModelPart.POINTS, state.points());
        ByteBuffer labels = newBytes(ModelPart.POINT_CLASSES);
        labels.asIntBuffer().put(state.labels());
        states.write(ModelPart.POINT_CLASSES, slot, labels);
        writeFloats(ModelPart.FEATURE_WEIGHTS, state.featureWeights());
        ByteBuffer counts = newBytes(ModelPart.EXAMPLE_COUNTS);
        counts.asLongBuffer().put(state.seen()).put(state.nextRefresh());
        states.write(ModelPart.EXAMPLE_COUNTS, slot, counts);
        if (states.has(ModelPart.LABEL_COUNTS)) {
            ByteBuffer values = newBytes(ModelPart.LABEL_COUNTS);
            values.asFloatBuffer().put(state.labelCounts()).put(state.lastLabel());
            states.write(ModelPart.LABEL_COUNTS, slot, values);
        }
        ByteBuffer stacks = newBytes(ModelPart.STACKS);
        DoubleBuffer ofStacks = stacks.asDoubleBuffer();
        ofStacks.put(state.stack()).put(state.correction());
        stacks.asLongBuffer().put(ofStacks.position(), state.restarts());
        states.write(ModelPart.STACKS, slot, stacks);
        ByteBuffer answers = newBytes(ModelPart.ANSWERS);
        answers.asDoubleBuffer().put(state.answers());
        states.write(ModelPart.ANSWERS, slot, answers);
    }

    private void writeFloats(ModelPart part, float[] values) {
        ByteBuffer bytes = newBytes(part);
        bytes.asFloatBuffer().put(values);
        states.write(part, slot, bytes);
    }

    private void writeFerns(float[] table) {
        ByteBuffer bytes = newBytes(ModelPart.FERNS);
        FloatBuffer values = bytes.asFloatBuffer();
        forEachCell((from, to) -> values.put(to, table, from, numClasses + 1));
        states.write(ModelPart.FERNS, slot, bytes);
    }

    /** Receives the places of a cell of one expert in the state of the CPU and of the device. */
    private interface CellVisitor {
        void visit(int onCpu, int onDevice);
    }

    private void forEachCell(CellVisitor visitor) {
        int cells = FernTests.numFerns(numClasses) * FernTests.CELLS;
        for (int cell = 0; cell < cells; cell++) {
            for (int expert = 0; expert < EnsembleSizes.FERN_EXPERTS; expert++) {
                visitor.visit(
                        (cell * EnsembleSizes.FERN_EXPERTS + expert) * (numClasses + 1),
                        expert * EnsembleSizes.floatsOfExpert(numClasses)
                                + cell * EnsembleSizes.floatsOfCell(numClasses));
            }
        }
    }

    EnsembleState read() {
        FloatBuffer ferns = bytes(ModelPart.FERNS).asFloatBuffer();
        int cells = FernTests.numFerns(numClasses) * FernTests.CELLS;
        float[] table = new float[cells * EnsembleSizes.FERN_EXPERTS * (numClasses + 1)];
        forEachCell((to, from) -> ferns.get(from, table, to, numClasses + 1));
        long restarts =
                bytes(ModelPart.FERNS)
                        .asIntBuffer()
                        .get(2 * EnsembleSizes.floatsOfExpert(numClasses));
        int numTests = EnsembleSizes.numTests(numClasses);
        ByteBuffer tests = bytes(ModelPart.FERN_TESTS);
        int[] testFeatures = new int[numTests];
        tests.asIntBuffer().get(testFeatures);
        float[] testThresholds = new float[numTests];
        tests.asFloatBuffer().get(numTests, testThresholds);
        IntBuffer ofLabels = bytes(ModelPart.POINT_CLASSES).asIntBuffer();
        int[] labels = new int[ofLabels.remaining()];
        ofLabels.get(labels);
        LongBuffer counts = bytes(ModelPart.EXAMPLE_COUNTS).asLongBuffer();
        ByteBuffer stacks = bytes(ModelPart.STACKS);
        DoubleBuffer ofStacks = stacks.asDoubleBuffer();
        int experts = model.numExperts();
        double[] stack = new double[experts * (experts + 1)];
        double[] correction = new double[stack.length];
        ofStacks.get(stack).get(correction);
        restarts += stacks.asLongBuffer().get(ofStacks.position());
        DoubleBuffer ofAnswers = bytes(ModelPart.ANSWERS).asDoubleBuffer();
        double[] answers = new double[ofAnswers.remaining()];
        ofAnswers.get(answers);
        float[] labelCounts = NO_FLOATS;
        int lastLabel = 0;
        if (states.has(ModelPart.LABEL_COUNTS)) {
            FloatBuffer ofCounts = bytes(ModelPart.LABEL_COUNTS).asFloatBuffer();
            labelCounts = new float[ofCounts.remaining() - 1];
            ofCounts.get(labelCounts);
            lastLabel = (int) ofCounts.get();
        }
        return new EnsembleState(
                numClasses,
                new FernState(table, testFeatures, testThresholds, NO_FLOATS, new int[0]),
                floats(ModelPart.POINTS),
                labels,
                floats(ModelPart.FEATURE_WEIGHTS),
                counts.get(0),
                counts.get(1),
                stack,
                correction,
                answers,
                labelCounts,
                lastLabel,
                restarts);
    }

    private float[] floats(ModelPart part) {
        FloatBuffer from = bytes(part).asFloatBuffer();
        float[] values = new float[from.remaining()];
        from.get(values);
        return values;
    }
}
