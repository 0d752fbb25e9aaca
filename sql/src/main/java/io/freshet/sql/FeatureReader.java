package io.freshet.sql;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/**
 * Reader of the features of a query's rows: numbers as the nearest float, TRUE as 1, FALSE as 0,
 * and NULL as NaN, a missing value.
 *
 * <p>Flink passes a column as it is in the query, although {@code CREATE MODEL} may declare another
 * type to which it can be cast implicitly. Therefore the reader has the types of the query.
 */
final class FeatureReader implements Serializable {
    private static final long serialVersionUID = 1;

    /** Reads the elements of the array; null if each column is a feature. */
    private final ArrayData.@Nullable ElementGetter elements;

    /**
     * @param types types of the arguments in the query: numbers, or one array
     */
    FeatureReader(List<LogicalType> types) {
        elements =
                types.get(0) instanceof ArrayType array
                        ? ArrayData.createElementGetter(array.getElementType())
                        : null;
    }

    /**
     * Returns the features of a row, (numFeatures).
     *
     * @param row arguments of the call. Not modified.
     * @throws IllegalArgumentException if the array is NULL
     */
    float[] read(RowData row) {
        GenericRowData arguments = (GenericRowData) row;
        if (elements == null) {
            return ofColumns(arguments);
        }
        ArrayData array = (ArrayData) arguments.getField(0);
        if (array == null) {
            throw new IllegalArgumentException("the array of features is NULL");
        }
        return ofArray(array, elements);
    }

    private static float[] ofColumns(GenericRowData arguments) {
        float[] features = new float[arguments.getArity()];
        for (int f = 0; f < features.length; f++) {
            features[f] = number(arguments.getField(f));
        }
        return features;
    }

    private static float[] ofArray(ArrayData array, ArrayData.ElementGetter elements) {
        float[] features = new float[array.size()];
        for (int f = 0; f < features.length; f++) {
            features[f] = number(elements.getElementOrNull(array, f));
        }
        return features;
    }

    private static float number(@Nullable Object value) {
        if (value == null) {
            return Float.NaN;
        } else if (value instanceof Boolean isTrue) {
            return isTrue ? 1 : 0;
        } else if (value instanceof DecimalData decimal) {
            return decimal.toBigDecimal().floatValue();
        }
        return ((Number) value).floatValue();
    }
}
