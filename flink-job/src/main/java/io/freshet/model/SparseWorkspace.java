package io.freshet.model;

/** The arrays that {@link SparseSgd} uses. */
public final class SparseWorkspace implements StepWorkspace {
    /** Number of rows of an execution block: steps are taken one by one, so it changes little. */
    private static final int BLOCK_ROWS = 32;

    private final LearnerSettings settings;
    private boolean inUse;

    final int capacity = BLOCK_ROWS;
    final SparseBatch batch = new SparseBatch();
    final double[] logits;
    final double[] gradient;
    final double[] matrix = new double[4];
    final Scorer.Scratch scorer;

    SparseWorkspace(LearnerSettings settings) {
        this.settings = settings;
        int columns = settings.numRates() * settings.numOutputs();
        this.logits = new double[columns];
        this.gradient = new double[columns];
        this.scorer = new Scorer.Scratch(settings, 1, null);
    }

    @Override
    public LearnerSettings settings() {
        return settings;
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
        batch.release();
    }

    @Override
    public void close() {
        // all memory is in the heap
    }
}
