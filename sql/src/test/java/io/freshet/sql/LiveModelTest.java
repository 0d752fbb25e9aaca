package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.Snapshots;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Test that only versions that fit the query are taken over. */
class LiveModelTest {
    private static final InputColumns THREE = new InputColumns(List.of("a", "b", "c"), false);
    private static final InputColumns ARRAY = new InputColumns(List.of("features"), true);

    private static Classifier version(long version, int numFeatures) throws Exception {
        return ClassifierReader.of(
                new Snapshots(version, numFeatures, 2, 2, "softmax", 1, false)
                        .version(version)
                        .records(100));
    }

    @Test
    void version_thatFits_replacesTheLast() throws Exception {
        Classifier first = version(1, 3);
        Classifier second = version(2, 3);
        LiveModel live = new LiveModel(THREE, first);

        assertThat(live.refresh(first)).isSameAs(first);
        assertThat(live.refresh(second)).isSameAs(second);
        assertThat(live.current()).isSameAs(second);
        assertThat(live.refusedVersions()).isZero();
    }

    @Test
    void version_withOtherFeatures_isCountedOnceAndLeavesTheLast() throws Exception {
        Classifier first = version(1, 3);
        Classifier second = version(2, 4);
        Classifier third = version(3, 3);
        LiveModel live = new LiveModel(THREE, first);

        assertThat(live.refresh(second)).isSameAs(first);
        assertThat(live.refresh(second)).isSameAs(first);
        assertThat(live.refusedVersions()).isEqualTo(1);
        assertThat(live.refresh(third)).isSameAs(third);
    }

    @Test
    void firstVersion_withOtherFeatures_isRefusedWithBothNumbers() throws Exception {
        Classifier first = version(1, 4);

        assertThatThrownBy(() -> new LiveModel(THREE, first))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "The version 1 of model \"m\" has 4 features; 3 are expected, the columns"
                                + " a, b, c.");
    }

    @Test
    void array_fitsEveryVersion() throws Exception {
        Classifier second = version(2, 4);
        LiveModel live = new LiveModel(ARRAY, version(1, 3));

        assertThat(live.refresh(second)).isSameAs(second);
    }
}
