package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SnapshotSearchTest {
    private static final String HASH = "123456789012" + "ab".repeat(26);

    @Test
    void names_isTrue_ofTheVersion() {
        assertThat(SnapshotSearch.names("17", 17, HASH)).isTrue();
        assertThat(SnapshotSearch.names("0017", 17, HASH)).isTrue();
        assertThat(SnapshotSearch.names("123456789", 123_456_789, "ff".repeat(32))).isTrue();
    }

    @Test
    void names_isTrue_ofTheBeginningOfTheHash() {
        assertThat(SnapshotSearch.names(HASH, 17, HASH)).isTrue();
        assertThat(SnapshotSearch.names("ffffffff", 17, "ff".repeat(32))).isTrue();
    }

    @Test
    void names_isTrue_ofTheBeginningOfTheHash_inDecimalDigitsOnly() {
        assertThat(SnapshotSearch.names("123456789012", 17, HASH)).isTrue();
    }

    @Test
    void names_isFalse_ofAnotherVersion_evenIfTheHashBeginsWithItsDigits() {
        assertThat(SnapshotSearch.names("1234", 17, HASH)).isFalse();
    }
}
