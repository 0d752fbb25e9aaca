package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.example.SparseRows;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jpountz.xxhash.XXHashFactory;

/** Features of sparse examples as texts, for tests. */
final class SparseExamples {
    private SparseExamples() {}

    /**
     * Returns the features of the only example of a block, each as {@code column:value}, sorted.
     */
    static List<String> features(ExampleBlock block) {
        assertThat(block.size()).isEqualTo(1);
        SparseRows rows = block.examples().requireSparse();
        List<String> features = new ArrayList<>();
        for (int i = rows.start(0); i < rows.end(0); i++) {
            assertThat(rows.columns()[i]).isBetween(0, block.examples().numFeatures() - 1);
            features.add(rows.columns()[i] + ":" + rows.values()[i]);
        }
        features.sort(null);
        return features;
    }

    /**
     * Returns what features must be by the definition of signed hashing.
     *
     * @param namesAndValues name of each feature, followed by its value
     */
    static List<String> hashed(int bits, Object... namesAndValues) {
        List<String> features = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            byte[] name = ((String) namesAndValues[i]).getBytes(StandardCharsets.UTF_8);
            float value = ((Number) namesAndValues[i + 1]).floatValue();
            long hash = XXHashFactory.safeInstance().hash64().hash(name, 0, name.length, 0);
            long column = Long.remainderUnsigned(hash, 1L << bits);
            features.add(column + ":" + (hash >>> 63 == 1 ? -value : value));
        }
        features.sort(null);
        return features;
    }
}
