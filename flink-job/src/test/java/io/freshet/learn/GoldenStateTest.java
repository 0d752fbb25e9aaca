package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that the operators read the state in the savepoints of all releases bit for bit. */
class GoldenStateTest {
    static List<Arguments> savepoints() throws IOException {
        return GoldenState.all().stream()
                .flatMap(state -> Stream.of(Arguments.of(state, false), Arguments.of(state, true)))
                .toList();
    }

    @ParameterizedTest(name = "{0}, RocksDB {1}")
    @MethodSource("savepoints")
    void stateOfARelease_isReadBitForBit(GoldenState state, boolean rocksDb) throws Exception {
        assertThat(state.values(rocksDb)).containsAllEntriesOf(state.expected());
    }

    @ParameterizedTest(name = "{0}, RocksDB {1}")
    @MethodSource("savepoints")
    void modelsOfARelease_areWrittenAgainBitForBit(GoldenState state, boolean rocksDb)
            throws Exception {
        TreeMap<String, String> expected = new TreeMap<>(state.expected());
        expected.keySet().removeIf(path -> !path.startsWith("learn/"));

        assertThat(expected).isNotEmpty();
        assertThat(state.rewrittenModels(rocksDb)).containsAllEntriesOf(expected);
    }

    /** What must occur in the savepoints, so that every part of the state is tested. */
    @Test
    void savepointsOfARelease_haveEveryPartOfTheState() throws IOException {
        for (String release : List.of("0.1.0")) {
            TreeMap<String, String> values = new TreeMap<>();
            for (GoldenState state : GoldenState.all()) {
                if (state.toString().startsWith(release)) {
                    state.expected()
                            .forEach((path, value) -> values.put(state + "/" + path, value));
                }
            }
            for (String part :
                    List.of(
                            "/parameters/0",
                            "/good-parameters/0",
                            "/baseline-counts/0",
                            "/optimizer-velocity/0",
                            "/successor-parameters/0",
                            "/successor-optimizer-",
                            "/open-rows/0/targets",
                            "/open-rows/0/columns",
                            "/rows/0/values",
                            "/good-rows/0/values",
                            "/successor-rows/0/values",
                            "/model/sparse/laggedRates",
                            "/model/scaler/mean",
                            "/drift/detectors/3/state",
                            "/drift/evidence/losses",
                            "/window/scored/",
                            "/miniBatchLosses",
                            "/unlabelledConfidences")) {
                assertThat(values.keySet()).as(part).anyMatch(path -> path.contains(part));
            }
        }
    }
}
