package io.freshet.model;

import io.freshet.model.ensemble.BlockDistances;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import io.freshet.model.linalg.ProductTiles;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.scale.ScalerRule;
import org.jspecify.annotations.Nullable;

/** The native matrices and the arrays that {@link BlockedSgd} uses. */
public final class BlockWorkspace implements StepWorkspace {
    private final LearnerSettings settings;
    private final Precision precision;
    private boolean inUse;

    /** Number of columns of logits and gradients: outputs of all learning rates. */
    final int columns;

    /** Number of columns of the inputs and of the parameters. */
    final int width;

    final int capacity;
    final int maxSteps;

    final float[] scaledRows;
    final float[] scaledRow;
    final Matrix inputs;
    final Matrix logits;
    final Matrix gradients;
    final @Nullable Matrix gram;
    final @Nullable Matrix velocityLogits;
    final @Nullable Matrix velocityGradients;
    final @Nullable LinearSteps linearSteps;

    // Contents of the matrices as arrays, for loops in Java.
    final double[] logitValues;
    final double[] gramValues;
    final double[] velocityLogitValues;
    final double[][] gradientRows;
    final double[] scaledGradient;
    final double[] rowLogits;
    final int[] termRows;
    final double[] termCoefficients;

    private final @Nullable BlockDistances distances;
    final Scorer.Scratch scorer;
    final ScalerRule.@Nullable Workspace scaler;

    /** Creates a workspace for learners with these settings. */
    public BlockWorkspace(LearnerSettings settings) {
        this(settings, Precision.FLOAT, MatrixFactory.tiles(Precision.FLOAT));
    }

    /**
     * @param tiles tile sizes of products, for which blocks are sized
     */
    BlockWorkspace(LearnerSettings settings, Precision precision, ProductTiles tiles) {
        this.settings = settings;
        this.precision = precision;
        this.columns = settings.numRates() * settings.numOutputs();
        int numInputs = settings.numFeatures() + 1;
        this.width = Matrix.columnsFor(numInputs);
        int wanted =
                BlockSize.rows(
                        numInputs,
                        columns,
                        settings.miniBatchSize(),
                        settings.scaler() != null,
                        tiles);
        LinearRule rule = settings.optimizer().linearRule();
        this.maxSteps = rule == null ? 1 : Math.max(1, wanted / settings.miniBatchSize());
        this.capacity = maxSteps == 1 ? BlockSize.directRows(numInputs, columns, tiles) : wanted;
        ScalerRule scalerRule = settings.scaler();
        boolean scales = scalerRule != null;
        boolean substitutes = maxSteps > 1;
        boolean hasVelocity = substitutes && rule != null && rule.hasVelocity();

        boolean keepsRows = (scales && substitutes) || settings.ensemble() != null;
        this.scaledRows = new float[keepsRows ? capacity * width : 0];
        this.scaledRow = new float[settings.numFeatures()];
        this.inputs = MatrixFactory.zeros(precision, capacity, width);
        float[] one = new float[width];
        one[settings.numFeatures()] = 1;
        for (int i = 0; i < capacity; i++) {
            inputs.putRow(i, one, 0, width);
        }
        for (int i = settings.numFeatures(); i < scaledRows.length; i += width) {
            scaledRows[i] = 1;
        }
        this.logits = MatrixFactory.zeros(precision, capacity, columns);
        this.gradients = MatrixFactory.zeros(precision, capacity, columns);
        this.gram = substitutes ? MatrixFactory.zeros(precision, capacity, capacity) : null;
        this.velocityLogits =
                hasVelocity ? MatrixFactory.zeros(precision, capacity, columns) : null;
        this.velocityGradients =
                hasVelocity ? MatrixFactory.zeros(precision, capacity, columns) : null;
        this.linearSteps = rule == null ? null : new LinearSteps(rule, maxSteps);

        this.logitValues = new double[capacity * columns];
        this.gramValues = new double[substitutes ? capacity * capacity : 0];
        this.velocityLogitValues = new double[hasVelocity ? capacity * columns : 0];
        this.gradientRows = new double[capacity][columns];
        this.scaledGradient = new double[columns];
        this.rowLogits = new double[columns];
        this.termRows = new int[capacity];
        this.termCoefficients = new double[capacity];
        this.distances =
                settings.ensemble() == null
                        ? null
                        : new BlockDistances(settings.numFeatures(), capacity, precision);
        this.scorer = new Scorer.Scratch(settings, substitutes ? 1 : capacity, distances);
        this.scaler = scalerRule == null ? null : scalerRule.newWorkspace(settings.numFeatures());
    }

    @Override
    public LearnerSettings settings() {
        return settings;
    }

    Precision precision() {
        return precision;
    }

    /** Marks the beginning of a learner's run, during which no other learner may run. */
    void begin() {
        if (inUse) {
            throw new IllegalStateException("another learner is in the middle of a block");
        }
        inUse = true;
    }

    /** Marks the end of a learner's run. */
    void end() {
        inUse = false;
    }

    @Override
    public void close() {
        inputs.close();
        logits.close();
        gradients.close();
        if (distances != null) {
            distances.close();
        }
        for (Matrix matrix : new @Nullable Matrix[] {gram, velocityLogits, velocityGradients}) {
            if (matrix != null) {
                matrix.close();
            }
        }
    }
}
