package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredJobTest {
    private static final Map<String, String> APPLICATION =
            Map.of(
                    "execution.target", "embedded",
                    "high-availability.type", "zookeeper",
                    "$internal.pipeline.job-id", new JobID().toString());

    /** The store that is configured does not exist: each of these finds nothing without it. */
    @ParameterizedTest
    @CsvSource({"execution.target, remote", "high-availability.type, NONE"})
    void exists_isFalse_inOtherClusters(String option, String value) throws Exception {
        Map<String, String> cluster = new HashMap<>(APPLICATION);
        cluster.put(option, value);

        assertThat(StoredJob.exists(Configuration.fromMap(cluster))).isFalse();
        assertThat(StoredJob.newestCheckpoint(Configuration.fromMap(cluster))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"$internal.pipeline.job-id", "execution.target"})
    void exists_isFalse_ofAJobWithoutAnId(String option) throws Exception {
        Map<String, String> cluster = new HashMap<>(APPLICATION);
        cluster.remove(option);

        assertThat(StoredJob.exists(Configuration.fromMap(cluster))).isFalse();
        assertThat(StoredJob.newestCheckpoint(Configuration.fromMap(cluster))).isEmpty();
    }

    @Test
    void unreadableStore_isRefused() {
        Map<String, String> cluster = new HashMap<>(APPLICATION);
        cluster.put("high-availability.type", "no.such.Factory");

        assertThatThrownBy(() -> StoredJob.exists(Configuration.fromMap(cluster)))
                .isInstanceOf(PreflightException.class)
                .hasMessageStartingWith("what Flink has stored for high availability");
    }
}
