package io.freshet.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureHasherTest {
    private final FeatureHasher hasher = new FeatureHasher(1 << 18);

    private static long xxh64(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return XXHashFactory.safeInstance().hash64().hash(bytes, 0, bytes.length, 0);
    }

    /** Vectors of cespare/xxhash, which its authors computed with the reference implementation. */
    @ParameterizedTest
    @CsvSource({
        "'',ef46db3751d8e999",
        "a,d24ec4f1a98c6e5b",
        "as,1c330fb2d66be179",
        "asd,631c37ce72a97393",
        "asdf,415872f599cea71e",
        "Call me Ishmael. Some years ago--never mind how long precisely-,2a2e85470d6fd96"
    })
    void hashOfAName_isXxh64WithSeedZero(String name, String hash) {
        assertThat(Long.toHexString(hasher.hash(name))).isEqualTo(hash);
    }

    /** Models that were trained stay valid only if these never change. */
    @ParameterizedTest
    @CsvSource({"a,28251,-1", "asd,95123,1", "asdf,173854,1"})
    void columnAndSign_areTheLowBitsAndTheHighestBit(String name, int column, float sign) {
        long hash = hasher.hash(name);

        assertThat(hasher.column(hash)).isEqualTo(column);
        assertThat(FeatureHasher.sign(hash)).isEqualTo(sign);
        assertThat(new FeatureHasher(256).column(hash)).isEqualTo(column % 256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Oslo", "Åre", "東京", "a😀b", "a\uD800b", "é\uDC00"})
    void categoryOfAText_isHashedInUtf8(String category) {
        byte[] prefix = "c=".getBytes(StandardCharsets.UTF_8);
        String text = "xx" + category + "y";

        assertThat(hasher.hash(prefix, text, 2, 2 + category.length()))
                .isEqualTo(xxh64("c=" + category));
    }

    @Test
    void categoryInBytes_isHashedAsItsText() {
        byte[] bytes = "--ville..Åre__".getBytes(StandardCharsets.UTF_8);

        assertThat(hasher.hashCategory(bytes, 2, 5, 9, 4)).isEqualTo(xxh64("ville=Åre"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 10, 4711, Integer.MAX_VALUE})
    void index_isHashedAsItsDecimalNumber(int index) {
        assertThat(hasher.hash(index)).isEqualTo(xxh64(Integer.toString(index)));
    }

    @Test
    void longTextAfterAShortOne_isHashedWhole() {
        char[] letters = new char[100_000];
        Arrays.fill(letters, 'x');
        String text = new String(letters);
        byte[] prefix = {'t', '='};

        assertThat(hasher.hash(prefix, "a", 0, 1)).isEqualTo(xxh64("t=a"));
        assertThat(hasher.hash(prefix, text, 0, text.length())).isEqualTo(xxh64("t=" + text));
        assertThat(hasher.hash(prefix, "a", 0, 1)).isEqualTo(xxh64("t=a"));
    }

    /** Of n names a fraction of about 1 - (1 - 1/m)^(n - 1) shares its column with another. */
    @Test
    void collisions_areAsFrequentAsForRandomColumns() {
        int names = 20_000;
        int columns = 1 << 14;
        FeatureHasher small = new FeatureHasher(columns);
        Random random = new Random(3);
        int[] used = new int[columns];
        int positive = 0;
        Set<String> distinct = new HashSet<>();
        while (distinct.size() < names) {
            distinct.add("user.field" + random.nextInt(1_000_000));
        }
        for (String name : distinct) {
            long hash = small.hash(name);
            used[small.column(hash)]++;
            positive += FeatureHasher.sign(hash) > 0 ? 1 : 0;
        }
        int shared = Arrays.stream(used).filter(n -> n > 1).sum();

        double expected = 1 - Math.pow(1 - 1.0 / columns, names - 1);
        assertThat((double) shared / names).isBetween(expected - 0.02, expected + 0.02);
        assertThat(positive).isBetween(names / 2 - 400, names / 2 + 400);
    }

    @Test
    void numberOfColumns_mustBeAPowerOfTwo() {
        assertThatThrownBy(() -> new FeatureHasher(1000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("1000 columns, not a power of 2");
    }
}
