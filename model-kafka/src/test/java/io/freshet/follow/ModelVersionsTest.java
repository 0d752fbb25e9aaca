package io.freshet.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.Snapshots;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelVersionsTest {
    private final ModelVersions versions = new ModelVersions(3);

    private void add(String model, long version) throws InvalidSnapshotException {
        versions.add(
                ClassifierReader.of(
                        new Snapshots(version, 2, 2, 2, "softmax", 1, false)
                                .model(model)
                                .version(version)
                                .records(9)));
    }

    private List<Long> of(String model) {
        return versions.of(model).stream()
                .map(Classifier::info)
                .map(info -> info.version())
                .toList();
    }

    @Test
    void newestVersions_areKept_ofEachModel() throws Exception {
        assertThat(of("a")).isEmpty();
        for (long version = 1; version < 6; version++) {
            add("a", version);
        }
        add("b", 9);
        assertThat(of("a")).containsExactly(5L, 4L, 3L);
        assertThat(of("b")).containsExactly(9L);
        assertThat(versions.modelIds()).containsExactlyInAnyOrder("a", "b");
        versions.remove("a");
        assertThat(of("a")).isEmpty();
    }

    /** A job that begins again without its state counts versions from 1. */
    @Test
    void versionThatCameLater_isNewer_andReplacesItsEqual() throws Exception {
        add("a", 5);
        add("a", 6);
        add("a", 1);
        assertThat(of("a")).containsExactly(1L, 6L, 5L);
        add("a", 6);
        assertThat(of("a")).containsExactly(6L, 1L, 5L);
    }
}
