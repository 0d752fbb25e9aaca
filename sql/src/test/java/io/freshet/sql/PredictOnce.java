package io.freshet.sql;

import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Program that predicts one row with Flink SQL and prints the result. It names no class of Freshet,
 * so that it runs with the jar for Flink alone.
 */
final class PredictOnce {
    private PredictOnce() {}

    /**
     * Predicts the row and prints the prediction.
     *
     * @param args address of the broker
     */
    public static void main(String[] args) throws Exception {
        TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        sql.executeSql(
                """
                CREATE MODEL m INPUT (f1 FLOAT, f2 FLOAT, f3 FLOAT)
                OUTPUT (label STRING, model_version BIGINT)
                WITH ('provider' = 'freshet', 'bootstrap.servers' = '%s', 'model' = 'm')
                """
                        .formatted(args[0]));
        sql.executeSql("CREATE VIEW numbers AS SELECT * FROM (VALUES (1, 2, 3)) AS v (a, b, c)");
        try (QueryRows rows =
                new QueryRows(
                        sql.executeSql(
                                "SELECT label, model_version FROM ML_PREDICT(TABLE numbers,"
                                        + " MODEL m, DESCRIPTOR(a, b, c))"))) {
            System.out.println(rows.next());
        }
    }
}
