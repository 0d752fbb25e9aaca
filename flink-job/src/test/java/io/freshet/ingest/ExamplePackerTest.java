package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.example.Examples;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.NamedFeatures;
import io.freshet.schemas.SparseFeatures;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExamplePackerTest {
    private static final String LONG_MODEL_ID = "x".repeat(256);

    private final List<DeadLetter> deadLetters = new ArrayList<>();
    private final ExamplePacker packer = packer(LabelType.CLASS, null);

    private ExamplePacker packer(LabelType labelType, @Nullable Integer ignoreIndex) {
        return new ExamplePacker(
                new IngestConfig(
                        3,
                        List.of("down", "up"),
                        256,
                        Duration.ofMillis(200),
                        Set.of("known", "other", LONG_MODEL_ID),
                        labelType,
                        ignoreIndex,
                        SourceConfig.FRESHET,
                        MissingValues.DEAD_LETTER),
                null,
                deadLetters::add);
    }

    private static RawMessage labelled(long offset, @Nullable Object label) {
        return Messages.message(offset, Messages.event("known", 1, label, 1, 2, 3));
    }

    @ParameterizedTest
    @EnumSource(value = MissingValues.class, mode = EnumSource.Mode.EXCLUDE, names = "DEAD_LETTER")
    void missingFeature_isPackedAsNaN_ifItIsAccepted(MissingValues missing) {
        ExamplePacker accepting =
                new ExamplePacker(
                        new IngestConfig(
                                3,
                                List.of("down", "up"),
                                256,
                                Duration.ofMillis(200),
                                Set.of(),
                                LabelType.CLASS,
                                null,
                                SourceConfig.FRESHET,
                                missing),
                        null,
                        deadLetters::add);
        LabelledEvent event = Messages.event("known", 1, 0, Float.NaN, 2, Float.NaN);

        ExampleBlock block = accepting.pack(Messages.message(41, event));

        assertThat(deadLetters).isEmpty();
        assertThat(Arrays.copyOf(block.examples().features(), 3))
                .containsExactly(Float.NaN, 2f, Float.NaN);
        assertThat(
                        accepting.pack(
                                Messages.message(
                                        42, Messages.event("known", 1, 0, 1, Float.NaN, -1f / 0f))))
                .isNotNull();
        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).reason()).isEqualTo(DeadLetterReason.NON_FINITE_FEATURE);
        assertThat(deadLetters.get(0).detail()).isEqualTo("feature 2 is -Infinity");
    }

    @Test
    void missingIndicators_followTheFeatures() {
        ExamplePacker indicating =
                new ExamplePacker(
                        new IngestConfig(
                                6,
                                List.of("down", "up"),
                                256,
                                Duration.ofMillis(200),
                                Set.of(),
                                LabelType.CLASS,
                                null,
                                SourceConfig.FRESHET,
                                MissingValues.MEAN,
                                FeatureEncoding.COLUMNS,
                                true,
                                0,
                                PredictedEvents.UNLABELLED),
                        null,
                        deadLetters::add);
        indicating.pack(Messages.message(0, Messages.event("m", 1, 0, Float.NaN, 2, 3)));
        indicating.pack(Messages.message(1, Messages.event("m", 1, 0, 1, 2, 3, 4)));
        ExampleBlock block =
                indicating.pack(Messages.message(2, Messages.event("m", 1, 0, 4, 5, Float.NaN)));

        assertThat(Arrays.copyOf(block.examples().features(), 12))
                .containsExactly(Float.NaN, 2, 3, 1, 0, 0, 4, 5, Float.NaN, 0, 0, 1);
        assertThat(block.examples().numFeatures()).isEqualTo(6);
        assertThat(deadLetters)
                .extracting(DeadLetter::detail)
                .containsExactly("4 features instead of 3 (num-features)");
    }

    @Test
    void labelledEvent_isPackedUnchanged() {
        LabelledEvent event = Messages.event("known", 77, "up", 1f, -2.5f, 3e20f);
        event.setWeight(0.5f);

        ExampleBlock block = packer.pack(Messages.message(41, event));

        assertThat(block.modelId()).isEqualTo("known");
        assertThat(block.size()).isEqualTo(1);
        assertThat(Arrays.copyOf(block.examples().features(), 3)).containsExactly(1f, -2.5f, 3e20f);
        assertThat(block.examples().labels()[0]).isEqualTo(1);
        assertThat(block.examples().numTargets()).isZero();
        assertThat(block.examples().weights()[0]).isEqualTo(0.5f);
        assertThat(block.origins().offset(0)).isEqualTo(41);
        assertThat(block.origins().timestamp(0)).isEqualTo(77);
        assertThat(block.origins().source(0)).isEqualTo(new SourcePartition(Messages.TOPIC, 0));
        assertThat(block.origins().hash(0)).isEqualTo(new EventHash().of(Messages.TOPIC, 0, 41));
        assertThat(block.audit().total()).isZero();
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void everyEvent_isInTheTallyOfItsPartition_whateverItsOutcome() {
        LabelledEvent weightless = Messages.event("known", 1, "up", 1, 2, 3);
        weightless.setWeight(0f);
        packer.pack(labelled(5, "up"));
        packer.pack(labelled(6, null));
        packer.pack(labelled(7, "?"));
        ExampleBlock block = packer.pack(Messages.message(9, weightless));
        ExampleBlock unreadable = packer.pack(Messages.message(8, new byte[] {1}));

        EventHash hash = new EventHash();
        long digest = 0;
        for (long offset : new long[] {5, 6, 7, 9}) {
            digest += hash.of(Messages.TOPIC, 0, offset);
        }
        assertThat(block.read().toArray())
                .containsExactly(new PartitionTally(Messages.TOPIC, 0, 5, 9, 4, digest));
        assertThat(unreadable.modelId()).isEmpty();
        assertThat(unreadable.read().toArray())
                .containsExactly(
                        new PartitionTally(
                                Messages.TOPIC, 0, 8, 8, 1, hash.of(Messages.TOPIC, 0, 8)));
    }

    @Test
    void integerLabel_isTheClassIndex() {
        ExampleBlock block =
                packer.pack(Messages.message(0, Messages.event("known", 1, 1, 1, 2, 3)));

        assertThat(block.examples().labels()[0]).isEqualTo(1);
    }

    @Test
    void integerLabel_isTheClassName_whereAllNamesAreWholeNumbers() {
        ExamplePacker numbered =
                new ExamplePacker(
                        new IngestConfig(
                                3,
                                List.of("1", "2", "3"),
                                256,
                                Duration.ofMillis(200),
                                Set.of(),
                                LabelType.CLASS,
                                2,
                                SourceConfig.FRESHET,
                                MissingValues.DEAD_LETTER),
                        null,
                        deadLetters::add);
        numbered.pack(labelled(0, 1));
        numbered.pack(labelled(1, 3));
        numbered.pack(labelled(2, 2));
        numbered.pack(labelled(3, "2"));
        ExampleBlock block = numbered.pack(labelled(4, 0));

        assertThat(Arrays.copyOf(block.examples().labels(), block.size())).containsExactly(0, 2);
        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(2);
        assertThat(block.audit().count(DeadLetterReason.UNKNOWN_CLASS)).isEqualTo(1);
    }

    @Test
    void unlabelledEvent_keepsItsId() {
        ExampleBlock block =
                packer.pack(Messages.message(0, Messages.event("known", 9, null, 1, 2, 3)));

        assertThat(block.examples().labels()[0]).isEqualTo(Examples.UNLABELLED);
        assertThat(block.origins().id(0)).isEqualTo("event-9");
    }

    @Test
    void eventWithWeightZero_isIgnored_andCounted() {
        LabelledEvent event = Messages.event("known", 1, 0, 1, 2, 3);
        event.setWeight(0);

        ExampleBlock block = packer.pack(Messages.message(5, event));

        assertThat(block.size()).isZero();
        assertThat(block.audit().count(IgnoredReason.ZERO_WEIGHT)).isEqualTo(1);
        assertThat(block.audit().digest(EventOutcome.IGNORED))
                .isEqualTo(new EventHash().of(Messages.TOPIC, 0, 5));
    }

    @Test
    void eventWithTheIgnoreIndex_isIgnored_andCounted() {
        ExampleBlock block = packer(LabelType.CLASS, -100).pack(labelled(5, -100));

        assertThat(block.size()).isZero();
        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(1);
        assertThat(block.audit().total()).isEqualTo(1);
        assertThat(block.audit().digest(EventOutcome.IGNORED))
                .isEqualTo(new EventHash().of(Messages.TOPIC, 0, 5));
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void ignoreIndexOfAClass_ignoresEventsWithItsIndexOrName_andNoOthers() {
        ExamplePacker ignoresUp = packer(LabelType.CLASS, 1);
        ignoresUp.pack(labelled(0, 1));
        ignoresUp.pack(labelled(1, "up"));
        ExampleBlock block = ignoresUp.pack(labelled(2, "down"));

        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(2);
        assertThat(block.size()).isEqualTo(1);
        assertThat(block.examples().labels()[0]).isZero();
    }

    @Test
    void ignoreIndexThatIsText_isIgnored() {
        ExampleBlock block = packer(LabelType.CLASS, -100).pack(labelled(5, "-100"));

        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(1);
        assertThat(deadLetters).isEmpty();
    }

    /** A block marks a row without a label by −1 too. */
    @Test
    void ignoreIndexOfMinusOne_differsFromAMissingLabel() {
        ExamplePacker ignoresMinusOne = packer(LabelType.CLASS, -1);
        ignoresMinusOne.pack(labelled(0, -1));
        ignoresMinusOne.pack(labelled(1, "sideways"));
        ExampleBlock block = ignoresMinusOne.pack(labelled(2, null));

        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX)).isEqualTo(1);
        assertThat(block.audit().count(DeadLetterReason.UNKNOWN_CLASS)).isEqualTo(1);
        assertThat(block.size()).isEqualTo(1);
        assertThat(block.examples().labels()[0]).isEqualTo(Examples.UNLABELLED);
    }

    @Test
    void invalidEventWithTheIgnoreIndex_isADeadLetter() {
        ExampleBlock block =
                packer(LabelType.CLASS, -100)
                        .pack(Messages.message(0, Messages.event("known", 1, -100, 1, 2)));

        assertThat(block.audit().count(EventOutcome.IGNORED)).isZero();
        assertThat(block.audit().count(DeadLetterReason.WRONG_NUM_FEATURES)).isEqualTo(1);
    }

    @Test
    void ignoreIndex_requiresLabelsOfASingleClass() {
        assertThatThrownBy(() -> packer(LabelType.MULTI_LABEL, -100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("label.ignore-index -100, label.type MULTI_LABEL");
    }

    @Test
    void probabilities_arePackedAsTargets() {
        ExamplePacker probabilities = packer(LabelType.PROBABILITIES, null);
        probabilities.pack(labelled(0, List.of(0.25f, 0.75f)));
        // A third and two thirds with three digits: the sum is close enough to 1.
        ExampleBlock block = probabilities.pack(labelled(1, List.of(0.667f, 0.333f)));

        assertThat(block.examples().numTargets()).isEqualTo(2);
        assertThat(Arrays.copyOf(block.examples().targets(), 4))
                .containsExactly(0.25f, 0.75f, 0.667f, 0.333f);
        assertThat(block.examples().labels()[0]).isEqualTo(1);
        assertThat(block.examples().labels()[1]).isZero();
        assertThat(deadLetters).isEmpty();
    }

    @Test
    void multiLabelTargets_needNotSumToOne_andTheFirstLargestIsTheClass() {
        ExamplePacker multiLabel = packer(LabelType.MULTI_LABEL, null);
        multiLabel.pack(labelled(0, List.of(1f, 1f)));
        multiLabel.pack(labelled(1, List.of(0f, 0f)));
        ExampleBlock block = multiLabel.pack(labelled(2, List.of(0f, 0.125f)));

        assertThat(Arrays.copyOf(block.examples().targets(), 6))
                .containsExactly(1, 1, 0, 0, 0, 0.125f);
        assertThat(block.examples().labels()[0]).isZero();
        assertThat(block.examples().labels()[1]).isZero();
        assertThat(block.examples().labels()[2]).isEqualTo(1);
        assertThat(deadLetters).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = LabelType.class,
            names = {"PROBABILITIES", "MULTI_LABEL"})
    void classIndexOrName_setsTheTargetOfItsClassOnly_andNoLabelSetsNone(LabelType labelType) {
        ExamplePacker withTargets = packer(labelType, null);
        // A refused label, whose values stay in the array at the place of the next row.
        withTargets.pack(labelled(0, List.of(0.5f, 7f)));
        withTargets.pack(labelled(1, 1));
        withTargets.pack(labelled(2, "down"));
        withTargets.pack(labelled(3, List.of(0.5f, 7f)));
        ExampleBlock block = withTargets.pack(labelled(4, null));

        assertThat(block.size()).isEqualTo(3);
        assertThat(Arrays.copyOf(block.examples().targets(), 6)).containsExactly(0, 1, 1, 0, 0, 0);
        assertThat(block.examples().labels()[0]).isEqualTo(1);
        assertThat(block.examples().labels()[1]).isZero();
        assertThat(block.examples().labels()[2]).isEqualTo(Examples.UNLABELLED);
    }

    @ParameterizedTest
    @EnumSource(LabelType.class)
    void everyEvent_hasExactlyOneOutcome_whateverItsLabel(LabelType labelType) {
        List<@Nullable Object> labels = new ArrayList<>();
        labels.add(null);
        labels.addAll(List.of(0, 1, 5, -100, "up", "?", List.of(1f), List.of(0.5f, 0.5f)));
        labels.addAll(List.of(List.of(1f, 1f), List.of(Float.NaN, 1f), List.of(2f, -1f)));
        ExamplePacker packer = packer(labelType, labelType == LabelType.CLASS ? -100 : null);
        EventHash eventHash = new EventHash();
        long digest = 0;
        long offset = 0;
        for (Object label : labels) {
            for (float weight : new float[] {1, 0, -1}) {
                LabelledEvent event = Messages.event("known", 1, label, 1, 2, 3);
                event.setWeight(weight);
                digest += eventHash.of(Messages.TOPIC, 0, offset);
                packer.pack(Messages.message(offset++, event));
            }
        }

        ExampleBlock block = packer.oldestBlock();
        assertThat(block.size() + block.audit().total()).isEqualTo(offset);
        assertThat(block.audit().count(EventOutcome.DEAD_LETTER)).isEqualTo(deadLetters.size());
        assertThat(block.audit().count(EventOutcome.IGNORED))
                .isEqualTo(
                        block.audit().count(IgnoredReason.ZERO_WEIGHT)
                                + block.audit().count(IgnoredReason.IGNORE_INDEX));
        assertThat(block.audit().count(IgnoredReason.IGNORE_INDEX))
                .isEqualTo(labelType == LabelType.CLASS ? 2 : 0);
        long counted =
                block.audit().digest(EventOutcome.IGNORED)
                        + block.audit().digest(EventOutcome.DEAD_LETTER);
        for (int row = 0; row < block.size(); row++) {
            counted += block.origins().hash(row);
        }
        assertThat(counted).isEqualTo(digest);
    }

    @Test
    void eachModel_hasItsOwnBlock_oldestFirst() {
        ExampleBlock known =
                packer.pack(Messages.message(0, Messages.event("known", 1, 0, 1, 2, 3)));
        ExampleBlock other =
                packer.pack(Messages.message(1, Messages.event("other", 1, 0, 4, 5, 6)));
        ExampleBlock again =
                packer.pack(Messages.message(2, Messages.event("known", 1, 1, 7, 8, 9)));

        assertThat(again).isSameAs(known).isNotSameAs(other);
        assertThat(packer.openBlocks()).isEqualTo(2);
        assertThat(packer.oldestBlock()).isSameAs(known);
        assertThat(Arrays.copyOf(known.examples().features(), 6)).containsExactly(1, 2, 3, 7, 8, 9);
    }

    @Test
    void arrayInSeveralBlocks_isOneArray() throws Exception {
        byte[] value =
                encoded(
                        encoder -> {
                            encoder.writeIndex(0);
                            // A dense array in two Avro blocks, the second with its size in bytes.
                            encoder.writeLong(1);
                            encoder.writeFloat(1);
                            encoder.writeLong(-2);
                            encoder.writeLong(8);
                            encoder.writeFloat(2);
                            encoder.writeFloat(3);
                            encoder.writeLong(0);
                            encoder.writeIndex(1);
                            encoder.writeInt(0);
                            encoder.writeFloat(1);
                        });

        ExampleBlock block = packer.pack(Messages.message(0, value));

        assertThat(deadLetters).isEmpty();
        assertThat(Arrays.copyOf(block.examples().features(), 3)).containsExactly(1, 2, 3);
    }

    @Test
    void deadLetterOfAnotherFormat_saysWhichItLooksLike() {
        packer.pack(Messages.message(0, "{\"label\": 1}".getBytes(StandardCharsets.UTF_8)));

        assertThat(deadLetters.get(0).detail())
                .isEqualTo(
                        "the value does not begin with C3 01, as single-object encoding does; it"
                                + " looks like JSON");
    }

    static Stream<Arguments> badInput() throws Exception {
        byte[] good = Messages.bytes(Messages.event("known", 1, 0, 1, 2, 3));
        byte[] foreign = good.clone();
        foreign[5] ^= 1;
        byte[] badBranch = good.clone();
        // The branch of the features follows marker 2, fingerprint 8, id 1+7, model id 1+5, time 1.
        badBranch[25] = 14;
        byte[] notUtf8 = good.clone();
        notUtf8[20] = (byte) 0xFF;
        return Stream.of(
                Arguments.of("null value", null, DeadLetterReason.NULL_VALUE, ""),
                Arguments.of("empty", new byte[0], DeadLetterReason.EMPTY_VALUE, ""),
                Arguments.of("random bytes", random(200), DeadLetterReason.NOT_SINGLE_OBJECT, ""),
                Arguments.of("another schema", foreign, DeadLetterReason.UNKNOWN_SCHEMA, ""),
                Arguments.of(
                        "another event",
                        withFingerprintOf(MetricsEvent.getClassSchema()),
                        DeadLetterReason.UNKNOWN_SCHEMA,
                        ""),
                Arguments.of(
                        "truncated",
                        Arrays.copyOf(good, good.length - 1),
                        DeadLetterReason.TRUNCATED,
                        ""),
                Arguments.of(
                        "trailing bytes",
                        Arrays.copyOf(good, good.length + 1),
                        DeadLetterReason.TRAILING_BYTES,
                        ""),
                Arguments.of(
                        "array of 10^8 in 200 bytes",
                        oversizedArray(),
                        DeadLetterReason.OVERSIZED,
                        ""),
                Arguments.of("no such branch", badBranch, DeadLetterReason.MALFORMED, ""),
                Arguments.of("model id not UTF-8", notUtf8, DeadLetterReason.MALFORMED, ""),
                of(
                        "reserved model id",
                        Messages.event("", 1, 0, 1, 2, 3),
                        DeadLetterReason.RESERVED_MODEL_ID,
                        ""),
                of(
                        "model not allowed",
                        Messages.event("x", 1, 0, 1, 2, 3),
                        DeadLetterReason.MODEL_NOT_ALLOWED,
                        ""),
                of(
                        "model id too long",
                        Messages.event(LONG_MODEL_ID, 1, 0, 1, 2, 3),
                        DeadLetterReason.MODEL_ID_TOO_LONG,
                        ""),
                of(
                        "too few features",
                        Messages.event("known", 1, 0, 1, 2),
                        DeadLetterReason.WRONG_NUM_FEATURES),
                of(
                        "too many features",
                        Messages.event("known", 1, 0, 1, 2, 3, 4),
                        DeadLetterReason.WRONG_NUM_FEATURES),
                of(
                        "no features",
                        Messages.event("known", 1, 0),
                        DeadLetterReason.WRONG_NUM_FEATURES),
                of(
                        "NaN feature",
                        Messages.event("known", 1, 0, 1, Float.NaN, 3),
                        DeadLetterReason.NON_FINITE_FEATURE),
                of(
                        "infinite feature",
                        Messages.event("known", 1, 0, 1, 2, Float.NEGATIVE_INFINITY),
                        DeadLetterReason.NON_FINITE_FEATURE),
                of(
                        "label below 0",
                        Messages.event("known", 1, -1, 1, 2, 3),
                        DeadLetterReason.LABEL_OUT_OF_RANGE),
                of(
                        "label beyond the classes",
                        Messages.event("known", 1, 2, 1, 2, 3),
                        DeadLetterReason.LABEL_OUT_OF_RANGE),
                of(
                        "unknown class",
                        Messages.event("known", 1, "sideways", 1, 2, 3),
                        DeadLetterReason.UNKNOWN_CLASS),
                of("negative weight", withWeight(-1), DeadLetterReason.NEGATIVE_WEIGHT),
                of("NaN weight", withWeight(Float.NaN), DeadLetterReason.NON_FINITE_WEIGHT),
                of(
                        "infinite weight",
                        withWeight(Float.POSITIVE_INFINITY),
                        DeadLetterReason.NON_FINITE_WEIGHT),
                of(
                        "infinite negative weight",
                        withWeight(Float.NEGATIVE_INFINITY),
                        DeadLetterReason.NEGATIVE_WEIGHT),
                of(
                        "one value per class",
                        Messages.event("known", 1, List.of(0.5f, 0.5f), 1, 2, 3),
                        DeadLetterReason.UNSUPPORTED_LABEL),
                of(
                        "index beyond the features",
                        with(new SparseFeatures(List.of(0, 3), List.of(1f, 3f))),
                        DeadLetterReason.FEATURE_INDEX_OUT_OF_RANGE),
                of(
                        "index twice",
                        with(new SparseFeatures(List.of(2, 2), List.of(1f, 3f))),
                        DeadLetterReason.DUPLICATE_FEATURE),
                of(
                        "index without a value",
                        with(new SparseFeatures(List.of(0, 2), List.of(1f))),
                        DeadLetterReason.UNEQUAL_INDICES_AND_VALUES),
                of(
                        "named features",
                        with(new NamedFeatures(Map.of("a", 1f, "b", 2f), Map.of("c", "d"))),
                        DeadLetterReason.UNSUPPORTED_FEATURES));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void badInput(String description, byte[] value, DeadLetterReason reason, String modelId) {
        RawMessage message =
                new RawMessage(
                        Messages.TOPIC,
                        3,
                        17,
                        1,
                        new byte[] {7},
                        value,
                        new String[] {"h"},
                        new byte[][] {{8}});

        ExampleBlock block = packer.pack(message);

        assertThat(deadLetters).hasSize(1);
        DeadLetter letter = deadLetters.get(0);
        assertThat(letter.reason()).isEqualTo(reason);
        assertThat(letter.message()).isSameAs(message);
        assertThat(letter.modelId()).isEqualTo(modelId);
        assertThat(letter.detail()).isNotBlank();
        assertThat(block.modelId()).isEqualTo(modelId);
        assertThat(block.size()).isZero();
        assertThat(block.audit().count(reason)).isEqualTo(1);
        assertThat(block.audit().total()).isEqualTo(1);
        assertThat(block.audit().digest(EventOutcome.DEAD_LETTER))
                .isEqualTo(new EventHash().of(Messages.TOPIC, 3, 17));
    }

    static Stream<Arguments> badTargets() {
        LabelType probabilities = LabelType.PROBABILITIES;
        LabelType multiLabel = LabelType.MULTI_LABEL;
        return Stream.of(
                Arguments.of(probabilities, List.of(1f), DeadLetterReason.WRONG_NUM_TARGETS),
                Arguments.of(multiLabel, List.of(), DeadLetterReason.WRONG_NUM_TARGETS),
                Arguments.of(multiLabel, List.of(1f, 0f, 0f), DeadLetterReason.WRONG_NUM_TARGETS),
                Arguments.of(
                        probabilities, List.of(-0.5f, 1.5f), DeadLetterReason.TARGET_OUT_OF_RANGE),
                Arguments.of(
                        probabilities,
                        List.of(Float.NaN, 1f),
                        DeadLetterReason.TARGET_OUT_OF_RANGE),
                Arguments.of(multiLabel, List.of(0f, 1.001f), DeadLetterReason.TARGET_OUT_OF_RANGE),
                Arguments.of(
                        multiLabel,
                        List.of(Float.POSITIVE_INFINITY, 0f),
                        DeadLetterReason.TARGET_OUT_OF_RANGE),
                Arguments.of(
                        probabilities, List.of(1f, 1f), DeadLetterReason.TARGETS_DO_NOT_SUM_TO_ONE),
                Arguments.of(
                        probabilities, List.of(0f, 0f), DeadLetterReason.TARGETS_DO_NOT_SUM_TO_ONE),
                Arguments.of(
                        probabilities,
                        List.of(0.5f, 0.498f),
                        DeadLetterReason.TARGETS_DO_NOT_SUM_TO_ONE));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource
    void badTargets(LabelType labelType, List<Float> label, DeadLetterReason reason) {
        ExampleBlock block = packer(labelType, null).pack(labelled(17, label));

        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).reason()).isEqualTo(reason);
        assertThat(deadLetters.get(0).modelId()).isEqualTo("known");
        assertThat(deadLetters.get(0).detail()).isNotBlank();
        assertThat(block.size()).isZero();
        assertThat(block.audit().count(reason)).isEqualTo(1);
        assertThat(block.audit().total()).isEqualTo(1);
    }

    @Test
    void everyReasonOfTheFormat_occursInBadInput() throws Exception {
        EnumSet<DeadLetterReason> ofMappedFormats =
                EnumSet.range(DeadLetterReason.INVALID_JSON, DeadLetterReason.NOT_FRAMED);
        EnumSet<DeadLetterReason> ofHashedFeatures =
                EnumSet.range(
                        DeadLetterReason.EMPTY_FEATURE_NAME, DeadLetterReason.TOO_MANY_FEATURES);
        EnumSet<DeadLetterReason> tested = EnumSet.allOf(DeadLetterReason.class);
        tested.removeAll(ofMappedFormats);
        tested.removeAll(ofHashedFeatures); // FeaturesReaderTest
        tested.remove(DeadLetterReason.INVALID_CLASS_NAME);
        tested.remove(DeadLetterReason.UNKNOWN_MODEL); // of the score stage
        assertThat(
                        Stream.concat(badInput(), badTargets())
                                .map(arguments -> (DeadLetterReason) arguments.get()[2])
                                .distinct()
                                .toList())
                .containsExactlyInAnyOrderElementsOf(tested);
    }

    static Stream<Arguments> goodLabels() {
        return Stream.of(
                Arguments.of(LabelType.CLASS, "up"),
                Arguments.of(LabelType.PROBABILITIES, List.of(0.5f, 0.5f)));
    }

    @ParameterizedTest
    @MethodSource("goodLabels")
    void mutatedEvents_areEitherAcceptedWhole_orDeadLetters(LabelType labelType, Object label) {
        ExamplePacker packer = packer(labelType, null);
        byte[] good = Messages.bytes(Messages.event("known", 1, label, 1, 2, 3));
        Random random = new Random(42);
        int rows = 0;
        int letters = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] mutated = good.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(4) == 0) {
                mutated = Arrays.copyOf(mutated, random.nextInt(2 * mutated.length));
            }
            int before = deadLetters.size();
            ExampleBlock block = packer.pack(Messages.message(i, mutated));
            if (deadLetters.size() > before) {
                letters++;
            } else {
                rows += block.size();
                for (float feature : Arrays.copyOf(block.examples().features(), 3 * block.size())) {
                    assertThat(feature).isFinite();
                }
                int targets = block.examples().numTargets() * block.size();
                for (float target : Arrays.copyOf(block.examples().targets(), targets)) {
                    assertThat(target).isBetween(0f, 1f);
                }
                rows += (int) block.audit().count(EventOutcome.IGNORED);
            }
            packer.recycle(block);
        }
        assertThat(rows).isGreaterThan(1000);
        assertThat(rows + letters).isEqualTo(50_000);
    }

    private static Arguments of(String description, LabelledEvent event, DeadLetterReason reason) {
        return of(description, event, reason, "known");
    }

    private static Arguments of(
            String description, LabelledEvent event, DeadLetterReason reason, String modelId) {
        return Arguments.of(description, Messages.bytes(event), reason, modelId);
    }

    private static LabelledEvent withWeight(float weight) {
        LabelledEvent event = Messages.event("known", 1, 0, 1, 2, 3);
        event.setWeight(weight);
        return event;
    }

    private static LabelledEvent with(Object features) {
        LabelledEvent event = Messages.event("known", 1, 0, 1, 2, 3);
        assertThat(features).isNotInstanceOf(DenseFeatures.class);
        event.setFeatures(features);
        return event;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static byte[] withFingerprintOf(Schema schema) {
        return ByteBuffer.allocate(30)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xC3)
                .put((byte) 0x01)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .array();
    }

    private interface Encoding {
        void write(BinaryEncoder encoder) throws Exception;
    }

    /** Encodes an event of model "known"; the argument writes its features, label and weight. */
    private static byte[] encoded(Encoding rest) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(withFingerprintOf(LabelledEvent.getClassSchema()), 0, 10);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        encoder.writeString("id");
        encoder.writeString("known");
        encoder.writeLong(1);
        rest.write(encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static byte[] oversizedArray() throws Exception {
        byte[] start =
                encoded(
                        encoder -> {
                            encoder.writeIndex(0);
                            encoder.writeLong(100_000_000);
                        });
        return Arrays.copyOf(start, 200);
    }
}
