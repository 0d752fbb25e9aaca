package io.freshet.model.linalg;

import static io.freshet.model.linalg.Matrices.toArray;
import static io.freshet.model.linalg.Matrices.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProductTilesTest {
    @ParameterizedTest
    @ValueSource(strings = {"SkylakeX", "Cooperlake", "SapphireRapids"})
    void coreWithSmallMatrixKernels_hasSmallTiles(String core) {
        assertThat(ProductTiles.forCore(core)).isEqualTo(ProductTiles.SMALL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Haswell", "Zen", OpenBlasCore.UNKNOWN})
    void otherCore_hasOneTile(String core) {
        assertThat(ProductTiles.forCore(core)).isEqualTo(ProductTiles.WHOLE);
    }

    @ParameterizedTest
    @CsvSource({
        "16, 528, 70, 70, 70",
        "16, 528, 75, 75, 75",
        "16, 528, 76, 40, 76",
        "16, 528, 182, 64, 96",
        "8, 800, 182, 96, 96",
        "8, 800, 151, 80, 151",
        "128, 528, 1008, 8, 8",
        "64, 64, 70, 16, 70",
        // Even a tile of eight outputs is not small, so the product is one tile.
        "151, 528, 70, 70, 8",
        "16, 100000, 70, 70, 70",
        // There are no small-matrix kernels for so few terms.
        "16, 16, 182, 182, 182"
    })
    void tiles_areAsLargeAsTheKernelsAllow(
            int count, int columns, int width, int rowsPerTile, int columnsPerTile) {
        ProductTiles small = ProductTiles.SMALL;
        assertThat(small.rowsPerTile(count, columns, width)).isEqualTo(rowsPerTile);
        assertThat(small.columnsPerTile(count, columns, width)).isEqualTo(columnsPerTile);
        ProductTiles whole = ProductTiles.WHOLE;
        assertThat(whole.rowsPerTile(count, columns, width)).isEqualTo(width);
        assertThat(whole.columnsPerTile(count, columns, width)).isEqualTo(width);
    }

    @ParameterizedTest
    @CsvSource({
        "16, 528, 182",
        "32, 800, 183",
        "128, 64, 140",
        "13, 48, 1001",
        "2, 528, 3",
        "60, 2000, 70"
    })
    void productsInTiles_equalProductsInOneTile(int count, int columns, int width) {
        try (Products whole = new Products(count, columns, width, ProductTiles.WHOLE);
                Products small = new Products(count, columns, width, ProductTiles.SMALL)) {
            assertThat(small.logits()).containsExactly(whole.logits(), within(2e-4));
            assertThat(small.updatedParameters())
                    .containsExactly(whole.updatedParameters(), within(1e-4));
        }
    }

    /** The two products of an SGD step, computed from the same numbers for all tile sizes. */
    private static final class Products implements AutoCloseable {
        private final Matrix inputs;
        private final Matrix parameters;
        private final Matrix outputs;

        Products(int count, int columns, int width, ProductTiles tiles) {
            inputs = zeros(count, columns, tiles);
            parameters = zeros(width, columns, tiles);
            outputs = zeros(count, width, tiles);
            inputs.put(values(count * columns, 1), count);
            parameters.put(values(width * columns, 2), width);
        }

        double[] logits() {
            outputs.setToProductWithTransposed(
                    inputs, inputs.rows(), parameters, outputs.columns());
            return toArray(outputs);
        }

        double[] updatedParameters() {
            outputs.put(values(outputs.rows() * outputs.columns(), 3), outputs.rows());
            parameters.addTransposedProduct(0.9, outputs, inputs.rows(), inputs);
            // A second time, when the tile pointers have been moved.
            parameters.addTransposedProduct(-1, outputs, inputs.rows() - 1, inputs);
            return toArray(parameters);
        }

        @Override
        public void close() {
            inputs.close();
            parameters.close();
            outputs.close();
        }
    }

    @Test
    void productOfAMatrixWithItself_mayBeInTiles() {
        float[] x = values(64 * 40, 4);
        int count = 50;
        try (Matrix inputs = zeros(64, 40, ProductTiles.SMALL);
                Matrix products = zeros(64, 64, ProductTiles.SMALL)) {
            inputs.put(x, 64);
            products.setToProductWithTransposed(inputs, count, inputs, count);
            double[] found = toArray(products);
            for (int i = 0; i < count; i++) {
                for (int j = 0; j < count; j++) {
                    double expected = 0;
                    for (int k = 0; k < 40; k++) {
                        expected += (double) x[i * 40 + k] * x[j * 40 + k];
                    }
                    assertThat(found[i * 64 + j]).isCloseTo(expected, within(1e-4));
                }
            }
        }
    }

    private static Matrix zeros(int rows, int columns, ProductTiles tiles) {
        return NativeMatrix.zeros(Precision.FLOAT, rows, columns, tiles);
    }
}
