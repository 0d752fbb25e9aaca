package io.freshet.ingest;

import static io.freshet.ingest.SparseExamples.features;
import static io.freshet.ingest.SparseExamples.hashed;
import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Settings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of hashed and sparse features in mapped messages, here in JSON. */
class HashedFeaturesTest {
    private static final int BITS = 18;

    private final List<DeadLetter> deadLetters = new ArrayList<>();

    private static Settings settings(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("source.format", "json");
        values.put("features", "*");
        values.put("features.encoding", "hashed");
        values.put("label", "y");
        values.put("classes", "down,up");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return Settings.of(values, IngestConfig.KEYS, Set.of());
    }

    private ExamplePacker packer(String... settings) {
        Settings read = settings(settings);
        IngestConfig config = IngestConfig.from(read);
        assertThat(read.problems()).isEmpty();
        return new ExamplePacker(config, null, deadLetters::add);
    }

    private ExampleBlock pack(ExamplePacker packer, String json) {
        return packer.pack(Messages.message(7, json.getBytes(StandardCharsets.UTF_8)));
    }

    private List<String> read(String features, String json) {
        List<String> found = features(pack(packer("features", features), json));
        assertThat(deadLetters).isEmpty();
        return found;
    }

    private DeadLetter deadLetter(ExamplePacker packer, String json) {
        pack(packer, json);
        assertThat(deadLetters).hasSize(1);
        return deadLetters.get(0);
    }

    @Test
    void listedFeatures_areHashedByTheNamesOfTheirColumns() {
        assertThat(
                        read(
                                "n,on:boolean,off:boolean,city:categorical(Oslo|Rome),v[1:3]",
                                "{\"n\":-2.5,\"on\":true,\"off\":false,\"city\":\"Rome\","
                                        + "\"v\":[9,3,0],\"unmapped\":1}"))
                .isEqualTo(hashed(BITS, "n", -2.5, "on", 1, "city=Rome", 1, "v[1]", 3));
    }

    @Test
    void time_isHashedByTheNamesOfItsColumns() {
        // A Monday at six: the sine of the hour is 1, its cosine 0; and the quarter of a day is
        // 2 pi / 28 of the week.
        assertThat(read("at:time", "{\"at\":\"2024-01-29T06:00:00Z\"}"))
                .isEqualTo(
                        hashed(
                                BITS,
                                "at (hour, sine)",
                                1,
                                "at (hour, cosine)",
                                (float) Math.cos(Math.PI / 2),
                                "at (weekday, sine)",
                                (float) Math.sin(2 * Math.PI / 28),
                                "at (weekday, cosine)",
                                (float) Math.cos(2 * Math.PI / 28)));
    }

    @ParameterizedTest
    @CsvSource({
        "'\"Oslo\"',c=Oslo",
        "'\" Oslo \"',c=Oslo",
        "'\"Åre\"',c=Åre",
        "true,c=true",
        "7,c=7",
        "7.0,c=7",
        "1e3,c=1000",
        "12345678901234567,c=12345678901234567",
        "0.5,c=0.5"
    })
    void openCategory_isHashedByNameAndValue(String value, String name) {
        assertThat(read("c:categorical", "{\"c\":" + value + "}")).isEqualTo(hashed(BITS, name, 1));
    }

    @Test
    void text_isItsWordsInLowerCase_asOftenAsTheyOccur() {
        assertThat(
                        read(
                                "body:text",
                                "{\"body\":\"Don't PANIC: don, 42 Äpfel—東京\\n x_y \uD835\uDD38\"}"))
                .isEqualTo(
                        hashed(
                                BITS,
                                "body=don",
                                1,
                                "body=t",
                                1,
                                "body=panic",
                                1,
                                "body=don",
                                1,
                                "body=42",
                                1,
                                "body=äpfel",
                                1,
                                "body=東京",
                                1,
                                "body=x",
                                1,
                                "body=y",
                                1,
                                "body=\uD835\uDD38",
                                1));
        assertThat(read("body:text", "{\"body\":\"…!\"}")).isEmpty();
    }

    @Test
    void allOtherFields_areFeatures_byTheirPaths() {
        ExamplePacker packer =
                packer(
                        "features", "*,body:text,user.code:categorical",
                        "id", "id",
                        "timestamp", "meta.at",
                        "model", "tenant",
                        "weight", "w");
        String json =
                "{\"id\":\"e1\",\"meta\":{\"at\":1700000000,\"host\":\"h1\"},\"tenant\":\"m\",\"w\":2,"
                    + "\"y\":\"up\",\"n\":1.5,\"on\":true,\"off\":false,\"none\":null,\"city\":\""
                    + " Oslo\",\"gap\":\"\",\"nan\":NaN,\"zero\":0,"
                    + "\"user\":{\"code\":7,\"a.b\":{\"c\":3}},\"v\":[4,0,[5]],"
                    + "\"tags\":[\"x\",\"z\",\"x\"],\"items\":[{\"p\":6},{\"p\":\"q\"}],\"body\":\"to"
                    + " be\"}";
        for (int i = 0; i < 3; i++) {
            ExampleBlock block = pack(packer, json);
            assertThat(block.modelId()).isEqualTo("m");
            assertThat(features(block))
                    .isEqualTo(
                            hashed(
                                    BITS,
                                    "meta.host=h1",
                                    1,
                                    "n",
                                    1.5,
                                    "on",
                                    1,
                                    "city=Oslo",
                                    1,
                                    "user.code=7",
                                    1,
                                    "user[\"a.b\"].c",
                                    3,
                                    "v[0]",
                                    4,
                                    "v[2][0]",
                                    5,
                                    "tags=x",
                                    1,
                                    "tags=z",
                                    1,
                                    "tags=x",
                                    1,
                                    "items[0].p",
                                    6,
                                    "items[1].p=q",
                                    1,
                                    "body=to",
                                    1,
                                    "body=be",
                                    1));
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void fieldsInAnotherOrderAndNewFields_areTheSameFeatures() {
        ExamplePacker packer = packer();
        for (String json :
                List.of(
                        "{\"a\":1,\"b\":2}",
                        "{\"b\":2,\"a\":1}",
                        "{\"b\":2,\"y\":\"up\",\"c\":{\"d\":0},\"a\":1}",
                        "{\"e\":0,\"a\":1,\"f\":0,\"b\":2}")) {
            ExampleBlock block = pack(packer, json);
            assertThat(features(block)).isEqualTo(hashed(BITS, "a", 1, "b", 2));
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    /** More names than are remembered. */
    @Test
    void manyDifferentNames_areForgotten_andStillHashed() {
        ExamplePacker packer = packer("features", "*,o.p", "features.hash-bits", "12");
        for (int i = 0; i < 50_000; i++) {
            ExampleBlock block =
                    pack(packer, "{\"o\":{\"p\":2,\"k" + i + "\":1},\"n" + i + "\":[3]}");
            if (i % 1000 == 999 || i < 3) {
                assertThat(features(block))
                        .isEqualTo(hashed(12, "o.p", 2, "o.k" + i, 1, "n" + i + "[0]", 3));
            }
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void hashedOfDense_isTheSumOfItsColumns() {
        Random random = new Random(5);
        ExamplePacker packer = packer("features", "a,b[0:30]", "features.hash-bits", "8");
        for (int i = 0; i < 200; i++) {
            List<Object> expected = new ArrayList<>();
            List<String> values = new ArrayList<>();
            float a = random.nextFloat();
            expected.addAll(List.of("a", a));
            for (int k = 0; k < 30; k++) {
                float b = random.nextInt(3) == 0 ? (float) random.nextGaussian() : 0;
                values.add(Float.toString(b));
                if (b != 0) {
                    expected.addAll(List.of("b[" + k + "]", b));
                }
            }
            ExampleBlock block =
                    pack(packer, "{\"b\":[" + String.join(",", values) + "],\"a\":" + a + "}");
            assertThat(features(block)).isEqualTo(hashed(8, expected.toArray()));
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void sparseExample_hasTheColumnsThatAreNotZero() {
        ExamplePacker packer =
                packer("features", "a,c:categorical(x|z),v[0:3]", "features.encoding", "sparse");

        ExampleBlock block = pack(packer, "{\"c\":\"z\",\"v\":[0,7,-0.0],\"a\":null}");

        assertThat(block.examples().numFeatures()).isEqualTo(6);
        assertThat(features(block)).containsExactly("2:1.0", "4:7.0");
        assertThat(deadLetters).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"a\":null}", "{\"a\":\"\"}", "{\"a\":NaN}", "{\"a\":\"nan\"}"})
    void missingListedFeature_isAbsent_orADeadLetter(String json) {
        for (String list : List.of("a", "a:categorical", "a:text", "a:boolean", "a:time")) {
            deadLetters.clear();
            assertThat(read(list, json)).isEmpty();
            DeadLetter letter =
                    deadLetter(packer("features", list, "features.missing", "dead-letter"), json);
            assertThat(letter.reason()).isEqualTo(DeadLetterReason.MISSING_FEATURE);
            assertThat(letter.detail()).startsWith("a").contains(" is missing");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"o\":{\"a\":1,\"a\":2}};DUPLICATE_FIELD;o.a is there twice",
                "{\"a\":1e39};NON_FINITE_FEATURE;a is 1.0E39, too large for a float",
                "{\"a\":[0,-Infinity]};NON_FINITE_FEATURE;a[1] is -Infinity",
                "{\"body\":[\"x\"]};WRONG_TYPE;body is a list, not a single value",
                "{\"body\":{}};WRONG_TYPE;body is an object, not a single value",
                "{\"y\":\"left\"};UNKNOWN_CLASS;the label \"left\" is not among classes"
            })
    void unusableMessage_isADeadLetterThatNamesTheField(
            String json, DeadLetterReason reason, String detail) {
        DeadLetter letter = deadLetter(packer("features", "*,body:text"), json);

        assertThat(letter.reason()).isEqualTo(reason);
        assertThat(letter.detail()).contains(detail);
    }

    @Test
    void longTextAndManyWords_areDeadLetters_andTheNextEventIsRead() {
        ExamplePacker packer = packer("features", "*,body:text");
        pack(packer, "{\"city\":\"" + "x".repeat(131_073) + "\"}");
        pack(packer, "{\"body\":\"" + "x".repeat(131_073) + "\"}");
        pack(packer, "{\"n\":1,\"body\":\"" + "x ".repeat(65_536) + "\"}");
        StringBuilder fields = new StringBuilder("{\"a\":1");
        for (int i = 0; i < 1_000_000; i++) {
            fields.append(",\"").append(i).append("\":1");
        }
        pack(packer, fields + "}");
        assertThat(deadLetters)
                .extracting(DeadLetter::reason)
                .containsExactly(
                        DeadLetterReason.TEXT_TOO_LONG,
                        DeadLetterReason.TEXT_TOO_LONG,
                        DeadLetterReason.TOO_MANY_FEATURES,
                        DeadLetterReason.TOO_MANY_FEATURES);
        assertThat(deadLetters)
                .extracting(DeadLetter::detail)
                .startsWith(
                        "city has 131073 characters, more than 131072",
                        "body has 131073 characters, more than 131072",
                        "the event has more than 65536 features, from body on");

        ExampleBlock block = pack(packer, "{\"a\":1,\"body\":\"" + "x".repeat(131_072) + "\"}");
        assertThat(deadLetters).hasSize(4);
        assertThat(features(block))
                .isEqualTo(hashed(BITS, "a", 1, "body=" + "x".repeat(131_072), 1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "features.hash-bits,20,features.encoding,columns,features,a;features.hash-bits = 20"
                        + " has no effect with features.encoding = columns",
                "num-features,5;num-features = 5 has no effect with features.encoding = hashed: set"
                        + " features.hash-bits",
                "features.missing,mean;features.missing = mean with features.encoding = hashed: a"
                        + " missing value is absent there, as a 0 is; set features.missing to zero",
                "features.encoding,columns;features = *: * has no columns that are known"
                        + " beforehand: set features.encoding = hashed, or list the fields, which"
                        + " freshet inspect proposes",
                "features.encoding,sparse,features,a:text;features: a is a text, whose words can"
                        + " only be hashed: set features.encoding = hashed",
                "features.encoding,columns,features,a:categorical;features: a is categorical: its"
                        + " categories are missing, as in a:categorical(red|green|blue); or set"
                        + " features.encoding = hashed",
                "features.encoding,columns,features,a,num-features,2000000;num-features = 2000000:"
                        + " must be at most 1000000 with features.encoding = columns",
                "features.hash-bits,25;features.hash-bits = 25: must be a whole number of bits, 8"
                        + " to 24",
                "features,*a;features = *a: must be"
            })
    void contradictoryKeys_areRefused(String given, String problem) {
        Settings read = settings(given.split(",", -1));

        IngestConfig.from(read);

        assertThat(read.problems()).hasSize(1);
        assertThat(read.problems().get(0)).startsWith(problem);
    }

    @Test
    void allContradictions_areNamedTogether() {
        Settings read =
                settings(
                        "features", "b:text",
                        "features.encoding", "sparse",
                        "features.missing", "mean",
                        "features.hash-bits", "9");

        IngestConfig.from(read);

        assertThat(read.problems()).hasSize(3);
    }

    @Test
    void freshetsFormat_needsNoNumberOfFeatures_ifTheyAreHashed() {
        Settings read =
                Settings.of(
                        Map.of("features.encoding", "hashed", "classes", "2"),
                        IngestConfig.KEYS,
                        Set.of());

        assertThat(IngestConfig.from(read).numFeatures()).isEqualTo(1 << 18);
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void sparseFeatures_areMoreThanColumns() {
        Settings read =
                Settings.of(
                        Map.of(
                                "features.encoding", "sparse",
                                "num-features", "16777216",
                                "classes", "2"),
                        IngestConfig.KEYS,
                        Set.of());

        assertThat(IngestConfig.from(read).numFeatures()).isEqualTo(1 << 24);
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void configuration_hasTheNumberOfHashedColumns() {
        IngestConfig config = IngestConfig.from(settings("features.hash-bits", "20"));

        assertThat(config.numFeatures()).isEqualTo(1 << 20);
        assertThat(config.isSparse()).isTrue();
        assertThat(config.missing()).isEqualTo(MissingValues.ZERO);
        assertThat(IngestConfig.encodingParameters(config.encoding(), config.numFeatures()))
                .isEqualTo(Map.of("features.encoding", "hashed", "features.hash-bits", "20"));
        assertThat(IngestConfig.from(settings("features.missing", "dead-letter")).missing())
                .isEqualTo(MissingValues.DEAD_LETTER);
        assertThat(Arrays.asList(FeatureEncoding.values()))
                .filteredOn(encoding -> encoding != FeatureEncoding.HASHED)
                .allSatisfy(
                        encoding ->
                                assertThat(IngestConfig.encodingParameters(encoding, 3))
                                        .containsOnlyKeys("features.encoding"));
    }
}
