package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** Test that values of every type become features. */
class FeatureReaderTest {
    private static FeatureReader reader(DataType type) {
        return new FeatureReader(List.of(type.getLogicalType()));
    }

    @Test
    void columns_areTheNearestFloats() {
        FeatureReader reader = reader(DataTypes.FLOAT());

        assertThat(
                        reader.read(
                                GenericRowData.of(
                                        true,
                                        false,
                                        (byte) -3,
                                        (short) 300,
                                        70_000,
                                        (1L << 24) + 1,
                                        0.1f,
                                        0.1,
                                        DecimalData.fromBigDecimal(new BigDecimal("12.34"), 4, 2),
                                        null,
                                        1e300)))
                .containsExactly(
                        1,
                        0,
                        -3,
                        300,
                        70_000,
                        1 << 24,
                        0.1f,
                        0.1f,
                        12.34f,
                        Float.NaN,
                        Float.POSITIVE_INFINITY);
    }

    @Test
    void array_elements_areFeatures() {
        FeatureReader floats = reader(DataTypes.ARRAY(DataTypes.FLOAT()));
        FeatureReader decimals = reader(DataTypes.ARRAY(DataTypes.DECIMAL(4, 2)));
        DecimalData decimal = DecimalData.fromBigDecimal(new BigDecimal("12.34"), 4, 2);

        assertThat(floats.read(GenericRowData.of(new GenericArrayData(new float[] {1, 2.5f}))))
                .containsExactly(1, 2.5f);
        assertThat(
                        decimals.read(
                                GenericRowData.of(
                                        new GenericArrayData(new Object[] {decimal, null}))))
                .containsExactly(12.34f, Float.NaN);
    }

    @Test
    void array_null_isRefused() {
        FeatureReader reader = reader(DataTypes.ARRAY(DataTypes.FLOAT()));

        assertThatThrownBy(() -> reader.read(new GenericRowData(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the array of features is NULL");
    }

    @Test
    void reader_isSerialisable() throws Exception {
        FeatureReader copy = InstantiationUtil.clone(reader(DataTypes.ARRAY(DataTypes.INT())));

        assertThat(copy.read(GenericRowData.of(new GenericArrayData(new int[] {4, 5}))))
                .containsExactly(4, 5);
    }
}
