package io.freshet.model.linalg;

import java.util.Set;

/**
 * Tile sizes of float matrix products for which OpenBLAS uses its small-matrix kernels.
 *
 * <p>These kernels, for AVX-512, read their operands in place. Larger products are first packed:
 * OpenBLAS copies the operands into panels, which for the few rows of a block takes as long as the
 * product itself. Whether a product is small depends on its sizes alone. In tiles that are small,
 * products of 16 rows take half the time, provided that a tile has at least {@value #TILE_MULTIPLE}
 * outputs. Cores without such kernels would pack the rows again for every tile, so there a product
 * is one tile.
 *
 * <p>Source: OpenBLAS 0.3.31, {@code kernel/x86_64/sgemm_small_kernel_permit_skylakex.c}, for the
 * limits and, with its {@code KERNEL} files, for the cores; measured with {@code
 * LearningStepBenchmark} on {@code SkylakeX}.
 */
public enum ProductTiles {
    /** One tile: the whole product. */
    WHOLE,

    /** Tiles that are small enough for the small-matrix kernels. */
    SMALL;

    /** Cores, as {@link OpenBlasCore} names them, that have small-matrix kernels for floats. */
    private static final Set<String> CORES_WITH_SMALL_KERNELS =
            Set.of("SkylakeX", "Cooperlake", "SapphireRapids");

    /** Largest number of multiplications in a small product. */
    private static final int MAX_MULTIPLICATIONS = 1_000_000;

    /** Largest number of results in a small product {@code a·bᵀ}. */
    private static final int MAX_RESULTS = 1200;

    /** Smallest number of terms in each result of a small product {@code a·bᵀ}. */
    private static final int MIN_TERMS = 32;

    /** The number of outputs in a tile is a multiple of this, except in the last tile. */
    private static final int TILE_MULTIPLE = 8;

    /** Returns the tile sizes for the core that OpenBLAS chose in this process. Loads OpenBLAS. */
    static ProductTiles forThisProcess() {
        return forCore(OpenBlasCore.name());
    }

    /**
     * Returns the tile sizes for a core.
     *
     * @param core a name as {@link OpenBlasCore#name()} returns it
     */
    static ProductTiles forCore(String core) {
        return CORES_WITH_SMALL_KERNELS.contains(core) ? SMALL : WHOLE;
    }

    /**
     * Returns the number of rows of {@code b} in a tile of the product {@code a·bᵀ}.
     *
     * @param count rows of {@code a}
     * @param terms columns of both
     * @param width rows of {@code b}
     */
    int rowsPerTile(int count, int terms, int width) {
        return tileSize(maxRowsPerTile(count, terms), width);
    }

    /**
     * Returns the largest number of rows of {@code b} with which a product {@code a·bᵀ} is small; 0
     * if there is none.
     */
    private long maxRowsPerTile(int count, int terms) {
        return this == WHOLE || terms < MIN_TERMS
                ? 0
                : Math.min(MAX_RESULTS / count, MAX_MULTIPLICATIONS / ((long) count * terms));
    }

    /**
     * Returns the number of columns of {@code a} in a tile of the product {@code aᵀ·b}.
     *
     * @param count rows of both
     * @param columns columns of {@code b}
     * @param width columns of {@code a}
     */
    int columnsPerTile(int count, int columns, int width) {
        return this == WHOLE
                ? width
                : tileSize(MAX_MULTIPLICATIONS / ((long) count * columns), width);
    }

    /**
     * Returns whether products of {@code count} rows with any number of outputs are computed in
     * small tiles.
     *
     * @param terms columns of the rows and of the parameters
     */
    public boolean areSmall(int count, int terms) {
        return maxRowsPerTile(count, Matrix.columnsFor(terms)) >= TILE_MULTIPLE;
    }

    /**
     * Returns the size of tiles of nearly equal size. It is a multiple of {@link #TILE_MULTIPLE};
     * only the last tile may be smaller.
     */
    private static int tileSize(long max, int width) {
        if (max >= width || max < TILE_MULTIPLE) {
            return width;
        }
        int largest = (int) (max / TILE_MULTIPLE * TILE_MULTIPLE);
        int count = (width + largest - 1) / largest;
        return ((width + count - 1) / count + TILE_MULTIPLE - 1) / TILE_MULTIPLE * TILE_MULTIPLE;
    }
}
