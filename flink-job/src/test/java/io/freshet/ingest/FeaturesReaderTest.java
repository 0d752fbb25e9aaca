package io.freshet.ingest;

import static io.freshet.ingest.SparseExamples.features;
import static io.freshet.ingest.SparseExamples.hashed;
import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.NamedFeatures;
import io.freshet.schemas.SparseFeatures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of the features of events in Freshet's own schema, in each encoding. */
class FeaturesReaderTest {
    private static final int BITS = 12;
    private static final float NAN = Float.NaN;

    private final List<DeadLetter> deadLetters = new ArrayList<>();

    private ExamplePacker packer(FeatureEncoding encoding, MissingValues missing) {
        return new ExamplePacker(
                new IngestConfig(
                        encoding == FeatureEncoding.HASHED ? 1 << BITS : 5,
                        List.of("down", "up"),
                        256,
                        Duration.ofMillis(200),
                        Set.of(),
                        LabelType.CLASS,
                        null,
                        SourceConfig.FRESHET,
                        missing,
                        encoding,
                        false,
                        0,
                        PredictedEvents.UNLABELLED),
                null,
                deadLetters::add);
    }

    private ExampleBlock pack(FeatureEncoding encoding, Object features) {
        ExampleBlock block =
                packer(encoding, MissingValues.ZERO).pack(Messages.message(1, event(features)));
        assertThat(deadLetters).isEmpty();
        return block;
    }

    private static LabelledEvent event(Object features) {
        LabelledEvent event = Messages.event("m", 1, "up", 0);
        event.setFeatures(features);
        return event;
    }

    private static Object dense(float... values) {
        return Messages.event("m", 1, "up", values).getFeatures();
    }

    private static SparseFeatures sparse(List<Integer> indices, Float... values) {
        return new SparseFeatures(indices, List.of(values));
    }

    private static NamedFeatures named(Map<String, Float> numbers, Map<String, String> texts) {
        return new NamedFeatures(numbers, texts);
    }

    @Test
    void sparseFeatures_areWrittenOut_whereFeaturesHaveColumns() {
        ExamplePacker packer = packer(FeatureEncoding.COLUMNS, MissingValues.MEAN);
        packer.pack(Messages.message(0, event(dense(9, 9, 9, 9, 9))));
        ExampleBlock block =
                packer.pack(Messages.message(1, event(sparse(List.of(3, 0, 4), 2f, -1f, NAN))));
        packer.pack(Messages.message(2, event(sparse(List.of()))));

        assertThat(deadLetters).isEmpty();
        assertThat(Arrays.copyOf(block.examples().features(), 15))
                .containsExactly(9, 9, 9, 9, 9, -1, 0, 0, 2, NAN, 0, 0, 0, 0, 0);
        assertThat(block.examples().labels()).startsWith(1, 1, 1);
    }

    @Test
    void denseAndSparseFeatures_areTheSame_whereTheyAreSparse() {
        List<String> expected = List.of("0:-1.0", "3:2.0");

        assertThat(features(pack(FeatureEncoding.SPARSE, dense(-1, 0, -0f, 2, NAN))))
                .isEqualTo(expected);
        assertThat(
                        features(
                                pack(
                                        FeatureEncoding.SPARSE,
                                        sparse(List.of(3, 1, 0, 4), 2f, 0f, -1f, NAN))))
                .isEqualTo(expected);
    }

    @Test
    void denseAndSparseFeatures_areHashedByTheirIndices() {
        List<String> expected = hashed(BITS, "0", -1, "10", 2);

        assertThat(
                        features(
                                pack(
                                        FeatureEncoding.HASHED,
                                        dense(-1, 0, 0, 0, 0, 0, 0, 0, NAN, 0, 2))))
                .isEqualTo(expected);
        assertThat(features(pack(FeatureEncoding.HASHED, sparse(List.of(10, 0), 2f, -1f))))
                .isEqualTo(expected);
        assertThat(
                        features(
                                pack(
                                        FeatureEncoding.HASHED,
                                        named(Map.of("10", 2f, "0", -1f), Map.of()))))
                .isEqualTo(expected);
        assertThat(features(pack(FeatureEncoding.HASHED, sparse(List.of(Integer.MAX_VALUE), 1f))))
                .isEqualTo(hashed(BITS, "2147483647", 1));
    }

    @Test
    void namedFeatures_areHashedByNameAndByNameAndCategory() {
        assertThat(
                        features(
                                pack(
                                        FeatureEncoding.HASHED,
                                        named(
                                                Map.of(
                                                        "n", -2.5f, "größe", 3f, "zero", 0f, "gap",
                                                        NAN),
                                                Map.of(
                                                        "city", "Oslo", "ort", "Åre", "n", " x",
                                                        "e", "")))))
                .isEqualTo(
                        hashed(
                                BITS,
                                "n",
                                -2.5,
                                "größe",
                                3,
                                "city=Oslo",
                                1,
                                "ort=Åre",
                                1,
                                "n= x",
                                1));
    }

    @Test
    void hashedOfDense_isTheSumOfItsColumns() {
        Random random = new Random(8);
        ExamplePacker packer = packer(FeatureEncoding.HASHED, MissingValues.ZERO);
        for (int i = 0; i < 500; i++) {
            float[] values = new float[1 + random.nextInt(300)];
            Map<String, Float> byName = new HashMap<>();
            List<Object> expected = new ArrayList<>();
            for (int k = 0; k < values.length; k++) {
                values[k] = random.nextInt(4) == 0 ? (float) random.nextGaussian() : 0;
                byName.put(Integer.toString(k), values[k]);
                if (values[k] != 0) {
                    expected.addAll(List.of(Integer.toString(k), values[k]));
                }
            }
            for (Object features : List.of(dense(values), named(byName, Map.of()))) {
                ExampleBlock block = packer.pack(Messages.message(i, event(features)));
                assertThat(features(block)).isEqualTo(hashed(BITS, expected.toArray()));
                packer.recycle(block);
            }
        }
        assertThat(deadLetters).isEmpty();
    }

    static Stream<Arguments> badFeatures() throws IOException {
        FeatureEncoding columns = FeatureEncoding.COLUMNS;
        FeatureEncoding sparse = FeatureEncoding.SPARSE;
        FeatureEncoding hashed = FeatureEncoding.HASHED;
        List<Arguments> bad = new ArrayList<>();
        for (FeatureEncoding encoding : List.of(columns, sparse)) {
            bad.addAll(
                    List.of(
                            of(
                                    encoding,
                                    sparse(List.of(1, 5), 1f, 2f),
                                    DeadLetterReason.FEATURE_INDEX_OUT_OF_RANGE,
                                    "the index 5 is out of range for 5 features"),
                            of(
                                    encoding,
                                    dense(1, 2, 3, 4),
                                    DeadLetterReason.WRONG_NUM_FEATURES,
                                    "4 features instead of 5 (num-features)"),
                            of(
                                    encoding,
                                    dense(1, 2, 3, 4, 5, 6),
                                    DeadLetterReason.WRONG_NUM_FEATURES,
                                    "6 features instead of 5 (num-features)"),
                            of(
                                    encoding,
                                    named(Map.of("a", 1f), Map.of("b", "c")),
                                    DeadLetterReason.UNSUPPORTED_FEATURES,
                                    "the features have names: set features.encoding = hashed")));
        }
        for (FeatureEncoding encoding : FeatureEncoding.values()) {
            bad.addAll(
                    List.of(
                            of(
                                    encoding,
                                    sparse(List.of(3, -1), 1f, 2f),
                                    DeadLetterReason.FEATURE_INDEX_OUT_OF_RANGE,
                                    "the index -1 is out of range"),
                            of(
                                    encoding,
                                    sparse(List.of(3, 0, 3), 1f, 2f, 3f),
                                    DeadLetterReason.DUPLICATE_FEATURE,
                                    "the index 3 is there twice"),
                            of(
                                    encoding,
                                    sparse(List.of(3, 0), 1f),
                                    DeadLetterReason.UNEQUAL_INDICES_AND_VALUES,
                                    "2 indices, but 1 values"),
                            of(
                                    encoding,
                                    sparse(List.of(), 1f),
                                    DeadLetterReason.UNEQUAL_INDICES_AND_VALUES,
                                    "0 indices, but 1 values"),
                            of(
                                    encoding,
                                    sparse(List.of(3, 0), 1f, Float.NEGATIVE_INFINITY),
                                    DeadLetterReason.NON_FINITE_FEATURE,
                                    "feature 0 is -Infinity"),
                            of(
                                    encoding,
                                    sparse(List.of(3, 0), NAN, 1f),
                                    DeadLetterReason.NON_FINITE_FEATURE,
                                    "feature 3 is NaN"),
                            of(
                                    encoding,
                                    dense(1, NAN, 3, 4, 5),
                                    DeadLetterReason.NON_FINITE_FEATURE,
                                    "feature 1 is NaN")));
        }
        bad.addAll(
                List.of(
                        of(
                                hashed,
                                named(Map.of("", 1f), Map.of()),
                                DeadLetterReason.EMPTY_FEATURE_NAME,
                                "a feature's name is empty"),
                        of(
                                hashed,
                                named(Map.of(), Map.of("", "x")),
                                DeadLetterReason.EMPTY_FEATURE_NAME,
                                "a feature's name is empty"),
                        of(
                                hashed,
                                named(Map.of("x".repeat(1025), 1f), Map.of()),
                                DeadLetterReason.TEXT_TOO_LONG,
                                "a feature's name has 1025 bytes, more than 1024"),
                        of(
                                hashed,
                                named(Map.of(), Map.of("city", "x".repeat(131_073))),
                                DeadLetterReason.TEXT_TOO_LONG,
                                "feature \"city\" has 131073 bytes, more than 131072"),
                        of(
                                hashed,
                                named(Map.of("größe", NAN), Map.of()),
                                DeadLetterReason.NON_FINITE_FEATURE,
                                "feature \"größe\" is NaN"),
                        of(
                                hashed,
                                named(Map.of("a", Float.POSITIVE_INFINITY), Map.of()),
                                DeadLetterReason.NON_FINITE_FEATURE,
                                "feature \"a\" is Infinity"),
                        of(
                                hashed,
                                named(Map.of(), Map.of("city", "")),
                                DeadLetterReason.MISSING_FEATURE,
                                "feature \"city\" is missing, and features.missing is dead-letter"),
                        of(
                                hashed,
                                named(numbers(1_000_000), Map.of()),
                                DeadLetterReason.TOO_MANY_FEATURES,
                                "the event has more than 65536 features"),
                        of(
                                hashed,
                                named(numbers(65_536), Map.of("a", "b")),
                                DeadLetterReason.TOO_MANY_FEATURES,
                                "the event has more than 65536 features"),
                        of(
                                hashed,
                                dense(ones(65_537)),
                                DeadLetterReason.TOO_MANY_FEATURES,
                                "the event has more than 65536 features"),
                        of(
                                hashed,
                                new SparseFeatures(
                                        IntStream.range(0, 65_537).boxed().toList(),
                                        Collections.nCopies(65_537, 1f)),
                                DeadLetterReason.TOO_MANY_FEATURES,
                                "the event has more than 65536 features"),
                        Arguments.of(
                                hashed,
                                named(bytes("b", "a", "b"), new byte[0][]),
                                DeadLetterReason.DUPLICATE_FEATURE,
                                "feature \"b\" is there twice"),
                        Arguments.of(
                                hashed,
                                named(new byte[0][], bytes("b", "x", "b", "z")),
                                DeadLetterReason.DUPLICATE_FEATURE,
                                "feature \"b\" is there twice"),
                        Arguments.of(
                                hashed,
                                named(new byte[][] {{'a', (byte) 0xC3}}, new byte[0][]),
                                DeadLetterReason.MALFORMED,
                                "text that is not UTF-8 ends at byte "),
                        Arguments.of(
                                hashed,
                                named(new byte[0][], new byte[][] {{'a'}, {(byte) 0xFF}}),
                                DeadLetterReason.MALFORMED,
                                "text that is not UTF-8 ends at byte ")));
        return bad.stream();
    }

    @ParameterizedTest
    @MethodSource
    void badFeatures(
            FeatureEncoding encoding, byte[] value, DeadLetterReason reason, String detail) {
        ExamplePacker packer = packer(encoding, MissingValues.DEAD_LETTER);

        ExampleBlock block = packer.pack(Messages.message(1, value));

        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).reason()).isEqualTo(reason);
        assertThat(deadLetters.get(0).detail()).startsWith(detail);
        assertThat(deadLetters.get(0).message().value()).isSameAs(value);
        assertThat(block.size()).isZero();
        assertThat(block.audit().count(reason)).isEqualTo(1);
        // The next event is read as if the bad one had not been there.
        ExampleBlock next = packer.pack(Messages.message(2, event(dense(0, 0, 7, 0, 0))));
        if (encoding == FeatureEncoding.COLUMNS) {
            assertThat(next.examples().features()).startsWith(0, 0, 7, 0, 0);
        } else {
            assertThat(features(next))
                    .isEqualTo(
                            encoding == FeatureEncoding.HASHED
                                    ? hashed(BITS, "2", 7)
                                    : List.of("2:7.0"));
        }
    }

    @ParameterizedTest
    @EnumSource(FeatureEncoding.class)
    void mutatedEvents_areEitherAcceptedWhole_orDeadLetters(FeatureEncoding encoding) {
        ExamplePacker packer = packer(encoding, MissingValues.DEAD_LETTER);
        List<byte[]> good =
                List.of(
                        Messages.bytes(event(sparse(List.of(1, 4), 1f, 2f))),
                        Messages.bytes(event(named(Map.of("a", 1f, "bc", 2f), Map.of("d", "e")))),
                        Messages.bytes(event(dense(1, 2, 3, 4, 5))));
        Random random = new Random(42);
        int rows = 0;
        for (int i = 0; i < 60_000; i++) {
            byte[] mutated = good.get(i % 3).clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                mutated[10 + random.nextInt(mutated.length - 10)] = (byte) random.nextInt(256);
            }
            int before = deadLetters.size();
            ExampleBlock block = packer.pack(Messages.message(i, mutated));
            int accepted = block.size() + (int) block.audit().count(EventOutcome.IGNORED);
            assertThat(accepted + deadLetters.size() - before).isEqualTo(1);
            rows += accepted;
            if (block.size() == 1 && encoding != FeatureEncoding.COLUMNS) {
                assertThat(features(block)).noneMatch(f -> f.contains("NaN") || f.contains("Inf"));
            }
            packer.recycle(block);
        }
        assertThat(rows).isGreaterThan(1000);
    }

    private static Arguments of(
            FeatureEncoding encoding, Object features, DeadLetterReason reason, String detail) {
        return Arguments.of(encoding, Messages.bytes(event(features)), reason, detail);
    }

    private static Map<String, Float> numbers(int count) {
        Map<String, Float> numbers = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            numbers.put(Integer.toString(i), 1f);
        }
        return numbers;
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static byte[][] bytes(String... texts) {
        return Arrays.stream(texts)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
    }

    /**
     * Encodes an event whose maps have the given keys in this order.
     *
     * @param numbers names, each with the value 1
     * @param texts names, each followed by its category
     */
    private static byte[] named(byte[][] numbers, byte[][] texts) throws IOException {
        byte[] whole = Messages.bytes(event(sparse(List.of())));
        // The union's branch, two empty arrays, the label "up" and the weight are at the end.
        int end = 1 + 1 + 1 + (1 + 1 + 2) + Float.BYTES;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(whole, 0, whole.length - end);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        encoder.writeIndex(2);
        encoder.writeMapStart();
        encoder.setItemCount(numbers.length);
        for (byte[] name : numbers) {
            encoder.startItem();
            encoder.writeBytes(name);
            encoder.writeFloat(1);
        }
        encoder.writeMapEnd();
        encoder.writeMapStart();
        encoder.setItemCount(texts.length / 2);
        for (int i = 0; i < texts.length; i++) {
            encoder.writeBytes(texts[i]);
        }
        encoder.writeMapEnd();
        encoder.flush();
        bytes.write(whole, whole.length - end + 3, end - 3);
        return bytes.toByteArray();
    }
}
