package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.junit.jupiter.api.Test;

/** Test of the columns that a model can have. */
class ColumnsTest {
    private static final DataType PROBABILITIES_BY_LABEL =
            DataTypes.MAP(DataTypes.STRING(), DataTypes.FLOAT());

    private final Problems problems = new Problems("The model");

    private static ResolvedSchema schema(Object... namesAndTypes) {
        Column[] columns = new Column[namesAndTypes.length / 2];
        for (int i = 0; i < columns.length; i++) {
            columns[i] =
                    Column.physical(
                            (String) namesAndTypes[2 * i], (DataType) namesAndTypes[2 * i + 1]);
        }
        return ResolvedSchema.of(columns);
    }

    @Test
    void inputs_everyKindOfNumber_isAFeature() {
        InputColumns inputs =
                InputColumns.parse(
                        schema(
                                "a", DataTypes.BOOLEAN(),
                                "b", DataTypes.TINYINT(),
                                "c", DataTypes.SMALLINT(),
                                "d", DataTypes.INT(),
                                "e", DataTypes.BIGINT(),
                                "f", DataTypes.FLOAT(),
                                "g", DataTypes.DOUBLE(),
                                "h", DataTypes.DECIMAL(9, 2)),
                        problems);

        problems.throwIfAny();
        assertThat(inputs.names()).containsExactly("a", "b", "c", "d", "e", "f", "g", "h");
        assertThat(inputs.isArray()).isFalse();
    }

    @Test
    void inputs_oneArray_isAllFeatures() {
        InputColumns inputs =
                InputColumns.parse(schema("a", DataTypes.ARRAY(DataTypes.FLOAT())), problems);

        problems.throwIfAny();
        assertThat(inputs).isEqualTo(new InputColumns(List.of("a"), true));
    }

    @Test
    void inputs_arrayBesideOthersOrOfText_areRefused() {
        InputColumns.parse(
                schema("a", DataTypes.ARRAY(DataTypes.FLOAT()), "b", DataTypes.INT()), problems);
        InputColumns.parse(schema("c", DataTypes.ARRAY(DataTypes.STRING())), problems);
        InputColumns.parse(schema(), problems);

        assertThatThrownBy(problems::throwIfAny)
                .hasMessageContaining("INPUT column `a` is ARRAY<FLOAT>; expected are numbers")
                .hasMessageContaining("INPUT column `c` is ARRAY<STRING>; expected are numbers")
                .hasMessageContaining("INPUT has no columns")
                .hasMessageNotContaining("`b`");
    }

    @Test
    void queryTypes_thatAreNoNumbers_areRefused() {
        List<LogicalType> types =
                List.of(
                        DataTypes.INT().getLogicalType(),
                        DataTypes.DATE().getLogicalType(),
                        DataTypes.ARRAY(DataTypes.INT()).getLogicalType());
        new InputColumns(List.of("a", "b", "c"), false).check(types, problems);
        new InputColumns(List.of("d"), true).check(types.subList(0, 1), problems);

        assertThatThrownBy(problems::throwIfAny)
                .hasMessageContaining("the column for `b` is DATE; a number or BOOLEAN is expected")
                .hasMessageContaining("the column for `c` is ARRAY<INT>; a number or BOOLEAN")
                .hasMessageContaining("the column for `d` is INT; an ARRAY of numbers is expected")
                .hasMessageNotContaining("`a`");
    }

    @Test
    void outputs_areRecognisedByNameAndType() {
        List<OutputColumn> outputs =
                OutputColumn.parse(
                        schema(
                                "error", DataTypes.STRING(),
                                "examples_seen", DataTypes.BIGINT(),
                                "model_version", DataTypes.BIGINT(),
                                "entropy", DataTypes.FLOAT(),
                                "probabilities", PROBABILITIES_BY_LABEL,
                                "confidence", DataTypes.FLOAT(),
                                "class", DataTypes.INT(),
                                "label", DataTypes.STRING()),
                        problems);
        List<OutputColumn> array =
                OutputColumn.parse(
                        schema("probabilities", DataTypes.ARRAY(DataTypes.FLOAT().notNull())),
                        problems);

        problems.throwIfAny();
        assertThat(outputs)
                .containsExactly(
                        OutputColumn.ERROR,
                        OutputColumn.EXAMPLES_SEEN,
                        OutputColumn.MODEL_VERSION,
                        OutputColumn.ENTROPY,
                        OutputColumn.PROBABILITIES_BY_LABEL,
                        OutputColumn.CONFIDENCE,
                        OutputColumn.CLASS,
                        OutputColumn.LABEL);
        assertThat(array).containsExactly(OutputColumn.PROBABILITIES);
    }

    @Test
    void outputs_unknownNameOrType_areRefusedWithWhatIsExpected() {
        OutputColumn.parse(
                schema(
                        "Label", DataTypes.STRING(),
                        "label", DataTypes.VARCHAR(10),
                        "class", DataTypes.BIGINT(),
                        "probabilities", DataTypes.ARRAY(DataTypes.DOUBLE()),
                        "confidence", DataTypes.FLOAT().notNull()),
                problems);
        OutputColumn.parse(schema(), problems);

        assertThatThrownBy(problems::throwIfAny)
                .hasMessageContaining("OUTPUT column `Label` is unknown")
                .hasMessageContaining("OUTPUT column `label` is VARCHAR(10); STRING is expected")
                .hasMessageContaining("OUTPUT column `class` is BIGINT; INT is expected")
                .hasMessageContaining(
                        "OUTPUT column `probabilities` is ARRAY<DOUBLE>; ARRAY<FLOAT> or"
                                + " MAP<STRING, FLOAT> is expected")
                .hasMessageContaining("OUTPUT column `confidence` is NOT NULL")
                .hasMessageContaining("OUTPUT has no columns");
    }
}
