package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackendTest {
    @Test
    void describe_namesBackendThreadsAndLimits() {
        assertThat(Backend.describe())
                .contains("CpuBackend", "OpenBLAS", " thread", "MiB")
                .doesNotContain("\n");
    }
}
