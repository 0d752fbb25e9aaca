package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.linalg.ProductTiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockSizeTest {
    @ParameterizedTest
    @CsvSource({
        "2, 1, 16, 16, 16",
        "17, 10, 16, 16, 24",
        "55, 7, 16, 16, 24",
        "511, 10, 16, 16, 24",
        "512, 10, 16, 8, 24",
        "512, 256, 32, 8, 24",
        "512, 257, 32, 16, 24",
        "201, 700, 32, 16, 24",
        "513, 1000, 112, 16, 24",
        "513, 7000, 128, 48, 48",
        // The products cannot be computed in small tiles.
        "6001, 70, 96, 8, 96",
        "8001, 210, 128, 128, 128",
        "8001, 300, 128, 128, 128",
        "100000, 1000, 128, 128, 128"
    })
    void rows_growWithTheParameters(int inputs, int columns, int whole, int small, int scaled) {
        for (boolean scales : new boolean[] {false, true}) {
            assertThat(BlockSize.rows(inputs, columns, 1, scales, ProductTiles.WHOLE))
                    .isEqualTo(whole);
        }
        assertThat(BlockSize.rows(inputs, columns, 1, false, ProductTiles.SMALL)).isEqualTo(small);
        assertThat(BlockSize.rows(inputs, columns, 1, true, ProductTiles.SMALL)).isEqualTo(scaled);
    }

    @Test
    void blocksOfScaledFeatures_have24Rows_forSmallMiniBatches() {
        for (int size = 1; size <= 32; size++) {
            assertThat(BlockSize.rows(55, 7, size, true, ProductTiles.SMALL))
                    .isEqualTo(size <= 8 ? 24 : 16);
        }
    }

    @Test
    void blocksOfManyInputs_haveEightRows_forMiniBatchesOfOneOrTwo() {
        int[] rows = {8, 8, 16, 16};
        for (int size = 1; size <= rows.length; size++) {
            assertThat(BlockSize.rows(785, 10, size, false, ProductTiles.SMALL))
                    .isEqualTo(rows[size - 1]);
            assertThat(BlockSize.rows(785, 10, size, false, ProductTiles.WHOLE)).isEqualTo(16);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, 64, 64",
        "55, 7, 64, 64",
        "513, 1000, 250, 64",
        "513, 2000, 256, 125",
        "5001, 100, 244, 244",
        "50000, 1000, 256, 256"
    })
    void directRows_growWithTheParameters(int inputs, int columns, int whole, int small) {
        assertThat(BlockSize.directRows(inputs, columns, ProductTiles.WHOLE)).isEqualTo(whole);
        assertThat(BlockSize.directRows(inputs, columns, ProductTiles.SMALL)).isEqualTo(small);
    }

    @ParameterizedTest
    @CsvSource({
        "1048576, 14, 16, 16",
        "1048576, 256, 16, 16",
        "16777216, 2, 1, 1",
        "250000000, 2, 1, 1",
        "2, 100000000, 1, 1",
        "131073, 14, 127, 127"
    })
    void rows_haveAtMostSixteenMillionValues_orAreOne(
            int inputs, int columns, int rows, int directRows) {
        for (ProductTiles tiles : ProductTiles.values()) {
            assertThat(BlockSize.rows(inputs, columns, 1, false, tiles)).isEqualTo(rows);
            assertThat(BlockSize.directRows(inputs, columns, tiles)).isEqualTo(directRows);
        }
    }

    @Test
    void rows_areAMultipleOfSixteen() {
        for (int columns = 1; columns < 5000; columns += 7) {
            assertThat(BlockSize.rows(500, columns, 1, false, ProductTiles.WHOLE) % 16).isZero();
        }
    }
}
