package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Test that the tables of Flink SQL have the fields of the schemas. */
class FlinkSqlTablesTest {
    @Test
    void tables_areThoseOfTheSchemas() throws IOException {
        assertThat(Files.readString(FlinkSqlTables.FILE))
                .as("run FlinkSqlTables to write the file anew")
                .isEqualTo(FlinkSqlTables.definitions());
    }
}
