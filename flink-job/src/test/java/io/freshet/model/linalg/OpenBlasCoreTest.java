package io.freshet.model.linalg;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.openblas.global.openblas_full;
import org.junit.jupiter.api.Test;

class OpenBlasCoreTest {
    @Test
    void name_isTheOneThatOpenBlasReports() {
        assertThat(OpenBlasCore.name())
                .isEqualTo(openblas_full.openblas_get_corename().getString());
    }
}
