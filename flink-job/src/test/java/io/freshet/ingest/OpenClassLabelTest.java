package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Settings;
import io.freshet.model.example.Examples;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of labels where classes are open: every label is a class name. */
class OpenClassLabelTest {
    private static final String LONGEST = "x".repeat(100);

    private final List<DeadLetter> deadLetters = new ArrayList<>();

    private ExamplePacker packer(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("classes", "open");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        Settings read = Settings.of(values, IngestConfig.KEYS, Set.of());
        IngestConfig config = IngestConfig.from(read);
        assertThat(read.problems()).isEmpty();
        return new ExamplePacker(config, null, deadLetters::add);
    }

    private static ExampleBlock pack(ExamplePacker packer, long offset, @Nullable Object label) {
        return packer.pack(Messages.message(offset, Messages.event("m", 1, label, 1)));
    }

    private ExampleBlock packJson(String label) {
        String json = "{\"a\": 1, \"y\": " + label + "}";
        return packer("source.format", "json", "features", "a", "label", "y")
                .pack(Messages.message(7, json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void labels_areIndicesOfTheBlocksNames_inTheOrderOfTheirFirstUse() {
        ExamplePacker packer = packer("num-features", "1");
        pack(packer, 0, "up");
        pack(packer, 1, 3);
        pack(packer, 2, null);
        pack(packer, 3, "up");
        pack(packer, 4, -1);
        ExampleBlock block = pack(packer, 5, "3");

        assertThat(deadLetters).isEmpty();
        assertThat(block.classNames()).containsExactly("up", "3", "-1");
        assertThat(block.examples().labels()).startsWith(0, 1, Examples.UNLABELLED, 0, 2, 1);
    }

    @Test
    void recycledBlock_hasNoNames() {
        ExamplePacker packer = packer("num-features", "1");
        packer.recycle(pack(packer, 0, "up"));

        assertThat(pack(packer, 1, "down").classNames()).containsExactly("down");
    }

    @ParameterizedTest
    @CsvSource({
        "'\" up \"', up",
        "'\"open\"', open",
        "1, 1",
        "1.0, 1",
        "1.5, 1.5",
        "true, true",
        "'\"1.0\"', 1.0"
    })
    void labelInJson_isItsTextOrItsWholeNumber(String label, String name) {
        assertThat(packJson(label).classNames()).containsExactly(name);
        assertThat(deadLetters).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\"?\"", "\"NaN\"", "\"NA\""})
    void missingLabelInJson_isNoClass(String label) {
        ExampleBlock block = packJson(label);

        assertThat(deadLetters).isEmpty();
        assertThat(block.classNames()).isEmpty();
        assertThat(block.examples().labels()[0]).isEqualTo(Examples.UNLABELLED);
    }

    static List<Arguments> invalidNames() {
        return List.of(
                Arguments.of("", "a class name is blank"),
                Arguments.of(" ", "a class name is blank"),
                Arguments.of(
                        LONGEST + "x", "a class name of 101 characters; at most 100 are accepted"));
    }

    @ParameterizedTest
    @MethodSource("invalidNames")
    void invalidName_isADeadLetter(String name, String detail) {
        ExamplePacker packer = packer("num-features", "1");
        pack(packer, 0, LONGEST);
        ExampleBlock block = pack(packer, 1, name);

        assertThat(block.classNames()).containsExactly(LONGEST);
        assertThat(block.size()).isEqualTo(1);
        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).reason()).isEqualTo(DeadLetterReason.INVALID_CLASS_NAME);
        assertThat(deadLetters.get(0).detail()).isEqualTo(detail);
        assertThat(block.audit().count(DeadLetterReason.INVALID_CLASS_NAME)).isEqualTo(1);
    }

    @Test
    void ignoreIndex_isAClassName() {
        ExamplePacker packer = packer("num-features", "1", "label.ignore-index", "-100");
        pack(packer, 0, -100);
        pack(packer, 1, "-100");
        ExampleBlock block = pack(packer, 2, "up");

        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(2);
        assertThat(block.classNames()).containsExactly("up");
    }

    @Test
    void labelOfOneValuePerClass_isADeadLetter() {
        pack(packer("num-features", "1"), 0, List.of(0.5f, 0.5f));

        assertThat(deadLetters.get(0).reason()).isEqualTo(DeadLetterReason.UNSUPPORTED_LABEL);
    }
}
