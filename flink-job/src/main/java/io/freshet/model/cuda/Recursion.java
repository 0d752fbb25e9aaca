package io.freshet.model.cuda;

/**
 * The kernel that takes the steps of a block's rows one after the other, for a number of outputs.
 *
 * @param name name with template arguments
 * @param threads threads of a block; 0 for one a row
 * @param rowsAtOnce rows that one launch takes; 0 for all
 * @param maxRows largest number of rows of a block
 */
record Recursion(String name, int threads, int rowsAtOnce, int maxRows) {
    private static final int MAX_FEW = 16;
    private static final int MAX_ROWS_OF_FEW = 512;
    private static final int MAX_ROWS_OF_MANY = 1024;
    private static final int WARP = 32;

    static Recursion of(int numOutputs, Gradient gradient) {
        if (numOutputs <= MAX_FEW) {
            return new Recursion(
                    "fewClasses<" + numOutputs + ", " + gradient.name() + ">",
                    0,
                    0,
                    MAX_ROWS_OF_FEW);
        }
        int threads = numOutputs <= 128 ? 128 : 512;
        int classesOfThread = (numOutputs + threads - 1) / threads;
        // The logits of a thread's classes stay in registers.
        int rows = classesOfThread <= 2 ? WARP : classesOfThread <= 4 ? WARP / 2 : WARP / 4;
        return new Recursion(
                "manyClasses<"
                        + classesOfThread
                        + ", "
                        + threads
                        + ", "
                        + rows
                        + ", "
                        + gradient.name()
                        + ">",
                threads,
                rows,
                MAX_ROWS_OF_MANY);
    }

    /** Returns the threads of a block of the launch. */
    int threads(int rows) {
        return threads == 0 ? rows : threads;
    }

    /** Returns the bytes of dynamic shared memory. */
    int sharedBytes(int rows, int numOutputs) {
        return rowsAtOnce == 0 ? rows * numOutputs * Float.BYTES : 0;
    }
}
