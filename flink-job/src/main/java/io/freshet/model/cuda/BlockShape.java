package io.freshet.model.cuda;

/**
 * The shape of a block: one graph of the device's work is made for each.
 *
 * @param models models whose rows are in the block
 * @param rows capacity for the rows of each model, a multiple of {@value #ROW_MULTIPLE}
 * @param gradient form of the gradient
 * @param hasTargets whether each row has a target for each output, beside its class
 */
public record BlockShape(int models, int rows, Gradient gradient, boolean hasTargets) {
    /** The rows of a block are a multiple of this, the threads of a warp. */
    public static final int ROW_MULTIPLE = 32;

    public BlockShape {
        if (models < 1 || rows < ROW_MULTIPLE || rows % ROW_MULTIPLE != 0) {
            throw new IllegalArgumentException(
                    "a block must have at least one model and a multiple of "
                            + ROW_MULTIPLE
                            + " rows, but has "
                            + models
                            + " and "
                            + rows);
        }
    }
}
