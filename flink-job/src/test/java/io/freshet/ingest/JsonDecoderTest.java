package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Settings;
import io.freshet.model.example.Examples;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonDecoderTest {
    private static final float NAN = Float.NaN;

    private final List<DeadLetter> deadLetters = new ArrayList<>();

    private ExamplePacker packer(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("source.format", "json");
        values.put("features", "a,b");
        values.put("label", "y");
        values.put("classes", "down,up");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        Settings read = Settings.of(values, IngestConfig.KEYS, Set.of());
        IngestConfig config = IngestConfig.from(read);
        assertThat(read.problems()).isEmpty();
        return new ExamplePacker(config, null, deadLetters::add);
    }

    private static RawMessage message(String json) {
        return Messages.message(7, json.getBytes(StandardCharsets.UTF_8));
    }

    private static float[] features(ExampleBlock block) {
        assertThat(block.size()).isEqualTo(1);
        return Arrays.copyOf(block.examples().features(), block.examples().numFeatures());
    }

    private float[] features(String features, String json) {
        float[] found = features(packer("features", features).pack(message(json)));
        assertThat(deadLetters).isEmpty();
        return found;
    }

    private DeadLetter deadLetter(ExamplePacker packer, String json) {
        packer.pack(message(json));
        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).message().value())
                .isEqualTo(json.getBytes(StandardCharsets.UTF_8));
        return deadLetters.get(0);
    }

    @Test
    void mappedFields_becomeAnExample_whateverTheirOrder() {
        ExamplePacker packer =
                packer(
                        "features", "user.age,items[1].price,tags[0:2]",
                        "label", "outcome.name",
                        "timestamp", "at",
                        "model", "tenant",
                        "weight", "w",
                        "id", "no");
        for (String json :
                List.of(
                        "{\"user\":{\"name\":\"x\",\"age\":30},\"items\":[{\"price\":1},"
                                + "{\"price\":2.5}],\"tags\":[3,4,5],\"outcome\":{\"name\":\"up\"},"
                                + "\"at\":\"2024-01-31T10:00:00Z\",\"tenant\":\"t1\",\"w\":0.5,"
                                + "\"no\":12}",
                        "{\"w\":\"0.5\",\"no\":\"12\",\"at\":1706695200,\"z\":[{}],\"tags\":[3,4],"
                                + "\"outcome\":{\"x\":{\"name\":1},\"name\":\"up\"},"
                                + "\"items\":[0,{\"price\":\"2.5\",\"more\":[1]},7],"
                                + "\"tenant\":\"t1\",\"user\":{\"age\":3.0e1}}")) {
            ExampleBlock block = packer.pack(message(json));
            assertThat(block.modelId()).isEqualTo("t1");
            assertThat(features(block)).containsExactly(30, 2.5f, 3, 4);
            assertThat(block.examples().labels()[0]).isEqualTo(1);
            assertThat(block.examples().weights()[0]).isEqualTo(0.5f);
            assertThat(block.origins().timestamp(0))
                    .isEqualTo(Instant.parse("2024-01-31T10:00:00Z").toEpochMilli());
            packer.recycle(block);
        }
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void keyAndHeaders_canBeMapped() {
        RawMessage message =
                new RawMessage(
                        "t",
                        3,
                        9,
                        77,
                        "k1".getBytes(StandardCharsets.UTF_8),
                        "{\"a\":1,\"b\":2}".getBytes(StandardCharsets.UTF_8),
                        new String[] {"model", "model"},
                        new byte[][] {
                            "old".getBytes(StandardCharsets.UTF_8),
                            "m2".getBytes(StandardCharsets.UTF_8)
                        });

        ExampleBlock block = packer("id", "key", "model", "header.model").pack(message);

        assertThat(block.modelId()).isEqualTo("m2");
        assertThat(block.origins().id(0)).isEqualTo("k1");
        assertThat(block.origins().timestamp(0)).isEqualTo(77);
        assertThat(block.examples().labels()[0]).isEqualTo(Examples.UNLABELLED);
    }

    @Test
    void unmappedParts_haveDefaults() {
        ExampleBlock block = packer().pack(message("{\"a\":1,\"b\":2}"));

        assertThat(block.modelId()).isEqualTo("default");
        assertThat(block.origins().id(0)).isEqualTo("labelled-events-0-7");
        assertThat(block.origins().timestamp(0)).isEqualTo(7);
        assertThat(block.examples().weights()[0]).isEqualTo(1);
    }

    @Test
    void kinds_becomeTheirColumns() {
        assertThat(
                        features(
                                "n,on:boolean,city:categorical(Oslo|Rome|7),t:numeric(origin=1700000000)",
                                "{\"n\":\" 1.5"
                                        + " \",\"on\":\"Yes\",\"city\":\"Rome\",\"t\":1700000030}"))
                .containsExactly(1.5f, 1, 0, 1, 0, 30);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"[5,1,2];5;1;2", "[\"5\",true,2];5;1;2", "[5,null,2];5;NaN;2"})
    void memberThatIsMappedItself_isAlsoInItsRange(String row, float a, float b, float c) {
        ExampleBlock block =
                packer("features", "row[0:3]", "weight", "row[0]", "id", "row[1]", "label", "y")
                        .pack(message("{\"row\":" + row + "}"));

        assertThat(deadLetters).isEmpty();
        assertThat(features(block)).containsExactly(a, b, c);
        assertThat(block.examples().weights()[0]).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"a\":1700000001};0",
                "{\"a\":\"1700000001\"};0",
                "{\"a\":1700000001.25};0",
                "{\"a\":-16777217};0",
                "{\"a\":16777216};",
                "{\"a\":1700000000};",
                "{\"a\":0.1};",
                "{\"a\":3141592.653589793};",
                "{\"t\":1700000001};",
                "{\"t\":170000001};1",
                "{\"v\":[7,16777217,16777216]};3",
                "{\"v\":[16777217,1,16777219],\"a\":33554433,\"at\":1700000001};0,2,4",
                "{\"a\":1700000001,\"t\":\"x\"};",
                "{\"a\":1e39};"
            })
    void numberThatAFloatDoesNotHold_isCounted(String json, String features) {
        ExampleBlock block =
                packer("features", "a,t:numeric(origin=1700000000),v[0:3],at:time")
                        .pack(message(json));

        Map<Integer, Long> expected = new HashMap<>();
        if (features != null) {
            for (String feature : features.split(",", -1)) {
                expected.put(Integer.valueOf(feature), 1L);
            }
        }
        assertThat(block.rounded().counts()).isEqualTo(expected);
        assertThat(block.rounded().isEmpty()).isEqualTo(features == null);
    }

    @Test
    void numberAndTrue_areCategoriesByTheirText() {
        assertThat(features("c:categorical(7|true|1.5)", "{\"c\":7}")).containsExactly(1, 0, 0);
        assertThat(features("c:categorical(7|true|1.5)", "{\"c\":7.0}")).containsExactly(1, 0, 0);
        assertThat(features("c:categorical(7|true|1.5)", "{\"c\":true}")).containsExactly(0, 1, 0);
        assertThat(features("c:categorical(7|true|1.5)", "{\"c\":1.5}")).containsExactly(0, 0, 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"b\":2}",
                "{\"a\":null,\"b\":2}",
                "{\"a\":\"\",\"b\":2}",
                "{\"a\":\" \",\"b\":2}",
                "{\"a\":NaN,\"b\":2}",
                "{\"a\":\"nan\",\"b\":2}"
            })
    void missingValue_isNaN(String json) {
        assertThat(features("a,b", json)).containsExactly(NAN, 2);
        DeadLetter letter = deadLetter(packer("features.missing", "dead-letter"), json);
        assertThat(letter.reason()).isEqualTo(DeadLetterReason.MISSING_FEATURE);
        assertThat(letter.detail()).startsWith("a is missing");
    }

    @Test
    void missingIndicators_followTheFeatures() {
        ExamplePacker packer =
                packer(
                        "features", "a,c:categorical(x|y),v[0:2],o.t:numeric(origin=5)",
                        "features.missing-indicator", "true");

        ExampleBlock block =
                packer.pack(message("{\"a\":NaN,\"c\":\"y\",\"v\":[3,null],\"o\":{\"t\":7}}"));
        assertThat(features(block)).containsExactly(NAN, 0, 1, 3, NAN, 2, 1, 0, 0, 1, 0);
        packer.recycle(block);
        block = packer.pack(message("{\"a\":1,\"c\":\"z\",\"v\":[3,4]}"));
        assertThat(features(block)).containsExactly(1, NAN, NAN, 3, 4, NAN, 0, 1, 0, 0, 1);
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void categoryThatIsNotListed_isMissing() {
        assertThat(features("c:categorical(x|y),b", "{\"c\":\"z\",\"b\":2}"))
                .containsExactly(NAN, NAN, 2);
    }

    static Stream<LabelCase> labels() {
        return LabelCase.all();
    }

    @ParameterizedTest
    @MethodSource("labels")
    void label_hasItsMeaning(LabelCase label) {
        ExampleBlock block =
                packer(
                                "classes",
                                label.classes(),
                                "label.ignore-index",
                                "" + LabelCase.IGNORE_INDEX)
                        .pack(message("{\"a\":1,\"y\":" + label.label() + "}"));

        String meaning;
        if (block.audit().count(IgnoredReason.IGNORE_INDEX) == 1) {
            meaning = LabelCase.IGNORED;
        } else if (block.audit().count(EventOutcome.DEAD_LETTER) == 1) {
            meaning = LabelCase.INVALID;
        } else {
            int index = block.examples().labels()[0];
            meaning =
                    index == Examples.UNLABELLED
                            ? LabelCase.MISSING
                            : List.of(label.classes().split(",", -1)).get(index);
        }
        assertThat(meaning).isEqualTo(label.meaning());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"y\":null,", "\"y\":\"\",", "\"y\":\"?\",", "\"y\":\"NA\","})
    void missingLabel_isUnlabelled(String label) {
        ExampleBlock block = packer().pack(message("{" + label + "\"a\":1,\"b\":2}"));

        assertThat(block.examples().labels()[0]).isEqualTo(Examples.UNLABELLED);
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void classNamedLikeAMissingLabel_isAClass() {
        ExampleBlock block =
                packer("classes", "EU,NA").pack(message("{\"y\":\"NA\",\"a\":1,\"b\":2}"));

        assertThat(block.examples().labels()[0]).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"2,1", "2.0,1", "'\"2\"',1", "'\" 3\"',2"})
    void wholeNumber_isTheNameOfAClass(String label, int index) {
        ExampleBlock block =
                packer("classes", "1,2,3").pack(message("{\"y\":" + label + ",\"a\":1,\"b\":2}"));

        assertThat(block.examples().labels()[0]).isEqualTo(index);
    }

    @Test
    void ignoreIndex_isANameWhereNamesAreNumbers() {
        ExamplePacker packer = packer("classes", "1,2,3", "label.ignore-index", "2");

        packer.pack(message("{\"y\":2,\"a\":1,\"b\":2}"));
        packer.pack(message("{\"y\":\"2\",\"a\":1,\"b\":2}"));
        ExampleBlock block = packer.pack(message("{\"y\":3,\"a\":1,\"b\":2}"));

        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(2);
        assertThat(block.size()).isEqualTo(1);
        assertThat(block.examples().labels()[0]).isEqualTo(2);
    }

    @Test
    void labelOfOneValuePerClass_isTheTargets() {
        ExampleBlock block =
                packer("label.type", "probabilities")
                        .pack(message("{\"y\":[0.25,0.75],\"a\":1,\"b\":2}"));

        assertThat(block.examples().labels()[0]).isEqualTo(1);
        assertThat(Arrays.copyOf(block.examples().targets(), 2)).containsExactly(0.25f, 0.75f);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[1,2];INVALID_JSON;the value is not a JSON object: it is a list",
                "7;INVALID_JSON;it is a number",
                "hello;INVALID_JSON;it looks like text",
                "{\"a\":1;INVALID_JSON;is not a JSON object: the object ends at byte 6",
                "' {\"a\":\"x';INVALID_JSON;is not a JSON object: the object ends at byte 8",
                "' {\"a\":1,';INVALID_JSON;is not a JSON object: the object ends at byte 8",
                "{\"a\" 1;INVALID_JSON;is not a JSON object: Unexpected character ('1'",
                "{\"a\":1}{};TRAILING_BYTES;another value follows the object, at byte 7",
                "{\"a\":{}};WRONG_TYPE;a is an object, not a single value",
                "{\"a\":[1]};WRONG_TYPE;a is a list, not a single value",
                "{\"a\":true};WRONG_TYPE;a is true, not a number",
                "{\"a\":\"1d\"};WRONG_TYPE;a is \"1d\", not a number",
                "{\"a\":\"0x1p4\"};WRONG_TYPE;a is \"0x1p4\", not a number",
                "{\"a\":1e39};NON_FINITE_FEATURE;a is 1.0E39, too large for a float",
                "{\"a\":Infinity};NON_FINITE_FEATURE;a is Infinity",
                "{\"a\":1,\"a\":2};DUPLICATE_FIELD;a is there twice",
                "{\"on\":\"maybe\"};WRONG_TYPE;on is \"maybe\", neither true nor false",
                "{\"t\":\"noon\"};INVALID_TIME;t is \"noon\", not a time",
                "{\"v\":[1]};WRONG_NUM_FEATURES;v has 1 values instead of 2",
                "{\"v\":[1,{}]};WRONG_TYPE;v has the member 1, which is an object, not a number",
                "{\"v\":3};WRONG_TYPE;v is a number, not a list",
                "{\"o\":3};WRONG_TYPE;o is a number, not an object",
                "{\"o\":[{\"p\":1}]};WRONG_TYPE;o is a list, not an object",
                "{\"v\":{\"0\":1}};WRONG_TYPE;v is an object, not a list",
                "{\"i\":{\"q\":1}};WRONG_TYPE;i is an object, not a list",
                "{\"i\":[{\"q\":1},[2]]};WRONG_TYPE;i[1] is a list, not an object",
                "{\"y\":\"left\"};UNKNOWN_CLASS;the label \"left\" is not among classes",
                "{\"y\":1};UNKNOWN_CLASS;the label \"1\" is not among classes",
                "{\"y\":{}};WRONG_TYPE;y is an object, not a single value",
                "{\"y\":[1,0]};UNSUPPORTED_LABEL;label.type is class",
                "{\"w\":-1};NEGATIVE_WEIGHT;w is -1.0",
                "{\"w\":\"x\"};WRONG_TYPE;w is \"x\", not a number",
                "{\"w\":NaN};NON_FINITE_WEIGHT;w is NaN",
                "{\"at\":\"x\"};INVALID_TIME;at is \"x\", not a time"
            })
    void unusableMessage_isADeadLetterThatNamesTheField(
            String json, DeadLetterReason reason, String detail) {
        DeadLetter letter =
                deadLetter(
                        packer(
                                "features", "a,on:boolean,t:time,v[0:2],o.p,i[1].q",
                                "weight", "w",
                                "timestamp", "at"),
                        json);

        assertThat(letter.reason()).isEqualTo(reason);
        assertThat(letter.detail()).contains(detail);
    }

    @Test
    void eventAfterABrokenOne_isRead() {
        ExamplePacker packer = packer();
        packer.pack(message("{\"a\":1,\"y\":\"up\","));
        ExampleBlock block = packer.pack(message("{\"a\":1,\"b\":2,\"y\":\"up\"}"));

        assertThat(deadLetters).hasSize(1);
        assertThat(features(block)).containsExactly(1, 2);
    }

    @Test
    void numbers_areFirstTakenAsTheyAreWritten() {
        ExampleBlock block =
                packer("classes", "0.0,1.0", "features", "c:categorical(1.0|2.5)")
                        .pack(message("{\"c\":1.0,\"y\":1.0}"));

        assertThat(features(block)).containsExactly(1, 0);
        assertThat(block.examples().labels()[0]).isEqualTo(1);
    }

    @Test
    void violation_countsForTheModelOfTheEvent() {
        DeadLetter letter =
                deadLetter(packer("model", "m"), "{\"a\":\"x\",\"b\":2,\"m\":\"late\"}");

        assertThat(letter.modelId()).isEqualTo("late");
    }

    @Test
    void messageOfAnotherFormat_saysWhich() {
        ExamplePacker packer = packer();
        packer.pack(Messages.message(0, Messages.event("m", 1, "up", 1, 2)));
        packer.pack(Messages.message(1, new byte[] {0, 0, 0, 0, 42, 7}));

        assertThat(deadLetters)
                .extracting(DeadLetter::detail)
                .containsExactly(
                        "the value is not a JSON object: it looks like Avro in single-object"
                                + " encoding",
                        "the value is not a JSON object: it looks framed by a schema registry, with"
                                + " the schema id 42");
    }

    @Test
    void limits_areChecked() {
        ExamplePacker packer = packer();
        for (String json :
                List.of(
                        "{\"z\":" + "[".repeat(100) + "]".repeat(100) + "}",
                        "{\"a\":" + "1".repeat(500) + "}",
                        "{\"a\":\"" + "x".repeat(2 << 20) + "\"}")) {
            packer.pack(message(json));
        }

        assertThat(deadLetters)
                .extracting(DeadLetter::reason)
                .containsOnly(DeadLetterReason.INVALID_JSON)
                .hasSize(3);
        assertThat(deadLetters.get(0).detail()).contains("nesting depth");
        assertThat(deadLetters.get(1).detail()).contains("Number value length");
        assertThat(deadLetters.get(2).detail()).contains("String value length");
    }

    @ParameterizedTest
    @ValueSource(strings = {"C3", "FF", "C080", "EDA080", "F4908080"})
    void invalidUtf8_isADeadLetterThatNamesTheField(String bytes) {
        byte[] invalid = HexFormat.of().parseHex(bytes);
        for (String json :
                List.of(
                        "{\"a\":[{\"b\":\"x%\",\"c\":1}],\"y\":\"\u00e9\"}",
                        "{\"a\":[{\"b\":\"x%")) {
            deadLetters.clear();
            packer("features", "a[0].b,c").pack(Messages.message(0, replaced(json, invalid)));

            assertThat(deadLetters).hasSize(1);
            assertThat(deadLetters.get(0).reason()).isEqualTo(DeadLetterReason.MALFORMED);
            assertThat(deadLetters.get(0).detail())
                    .isEqualTo("a[0].b is not UTF-8, from byte 13 on");
        }
    }

    @Test
    void invalidUtf8InAName_isADeadLetterThatNamesTheByte() {
        packer().pack(Messages.message(0, replaced("{\"b\":1,\"%\":2}", new byte[] {(byte) 0xC1})));

        assertThat(deadLetters)
                .extracting(DeadLetter::detail)
                .containsExactly("the value is not UTF-8, from byte 8 on");
    }

    /** Returns the bytes of a text in which a percent sign stands for other bytes. */
    private static byte[] replaced(String json, byte[] bytes) {
        ByteBuffer value = ByteBuffer.allocate(2 * json.length() + bytes.length);
        for (int i = 0; i < json.length(); i++) {
            String c = json.substring(i, i + 1);
            value.put(c.equals("%") ? bytes : c.getBytes(StandardCharsets.UTF_8));
        }
        return Arrays.copyOf(value.array(), value.position());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":\"\u00e9\u20ac\ud83d\ude00\"}", "{\"a\":\"\ufffd\"}"})
    void textBeyondAscii_isRead(String json) {
        assertThat(
                        features(
                                packer("features", "a:categorical(\u00e9\u20ac\ud83d\ude00|\ufffd)")
                                        .pack(message(json))))
                .contains(1);
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void headerThatIsNotUtf8_isADeadLetterThatNamesIt() {
        RawMessage message =
                new RawMessage(
                        "t",
                        0,
                        0,
                        0,
                        new byte[] {(byte) 0x80},
                        "{}".getBytes(StandardCharsets.UTF_8),
                        new String[] {"m"},
                        new byte[][] {{'x', (byte) 0xC3}});
        packer("id", "key").pack(message);
        packer("model", "header.m").pack(message);

        assertThat(deadLetters)
                .extracting(DeadLetter::detail)
                .containsExactly("key is not UTF-8", "header.m is not UTF-8");
    }

    @Test
    void largeObjectThatIsNotMapped_isSkipped() {
        StringBuilder json = new StringBuilder("{\"a\":1,\"z\":{");
        for (int i = 0; i < 100_000; i++) {
            json.append(i == 0 ? "" : ",").append('"').append(i).append("\":").append(i);
        }
        json.append("},\"b\":2}");

        assertThat(features(packer().pack(message(json.toString())))).containsExactly(1, 2);
    }
}
