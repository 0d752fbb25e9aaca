package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventJsonTest {
    private static final int MUTANTS_PER_EVENT = 5_000;
    private static final int MAX_BRANCHES = 4;
    private static final long SEED = 20_261_129;
    private static final Instant TIME = Instant.ofEpochMilli(1_700_000_000_123L);
    private static final PartitionOffset SOURCE = new PartitionOffset("t", 0, 1L);

    static Stream<Map.Entry<String, SpecificRecordBase>> goldenFiles() {
        return EventSchemasTest.goldenFiles();
    }

    private static String json(SpecificRecordBase event) {
        return new String(EventJson.encode(event), StandardCharsets.UTF_8);
    }

    private static <T extends SpecificRecordBase> T read(Class<T> type, String json)
            throws IOException {
        return EventReader.of(type).read(json.getBytes(StandardCharsets.UTF_8));
    }

    private static <T extends SpecificRecordBase> T roundTrip(Class<T> type, T event)
            throws IOException {
        return EventReader.of(type).read(EventJson.encode(event));
    }

    private static PredictionEvent prediction(String id, List<Float> probabilities) {
        return new PredictionEvent(
                "model",
                id,
                TIME,
                SOURCE,
                9L,
                1,
                "up",
                probabilities,
                "job",
                2L,
                List.of("up", "down"),
                0.5,
                12L,
                "down",
                0.25);
    }

    private static DriftAlertEvent alert(double statistic, double threshold) {
        return DriftAlertEvent.newBuilder()
                .setModelId("model")
                .setSequence(1L)
                .setTimestamp(TIME)
                .setDetector("adwin")
                .setExamplesSeen(10L)
                .setModelVersion(9L)
                .setStatistic(statistic)
                .setThreshold(threshold)
                .build();
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void event_isReadUnchanged(Map.Entry<String, SpecificRecordBase> golden) throws IOException {
        SpecificRecordBase event = golden.getValue();

        SpecificRecordBase read = EventReader.of(event.getClass()).read(EventJson.encode(event));

        assertThat(read).isEqualTo(event);
        assertThat(GoldenFiles.bytes(read)).isEqualTo(GoldenFiles.bytes(event));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                LabelledEvent.class,
                MetricsEvent.class,
                ModelSnapshotEvent.class,
                PredictionEvent.class,
                DriftAlertEvent.class,
                DeadLetterEvent.class
            })
    <T extends SpecificRecordBase> void everyBranchOfEveryUnion_isReadUnchanged(Class<T> type)
            throws IOException {
        Schema schema = SpecificData.get().getSchema(type);
        for (int branch = 0; branch < MAX_BRANCHES; branch++) {
            T event = type.cast(sample(schema, branch));

            T read = roundTrip(type, event);

            assertThat(read).isEqualTo(event);
            assertThat(GoldenFiles.bytes(read)).isEqualTo(GoldenFiles.bytes(event));
        }
    }

    /** Data model that loads the generated classes, which Avro's own does not trust. */
    private static final SpecificData DATA = SpecificData.getForClass(MetricsEvent.class);

    /** Returns a value in which all unions have the branch of this index, modulo their number. */
    private static @Nullable Object sample(Schema schema, int branch) {
        return switch (schema.getType()) {
            case RECORD -> {
                var record = (IndexedRecord) DATA.newRecord(null, schema);
                for (Schema.Field field : schema.getFields()) {
                    record.put(field.pos(), sample(field.schema(), branch));
                }
                yield record;
            }
            case UNION -> sample(schema.getTypes().get(branch % schema.getTypes().size()), branch);
            case ARRAY -> {
                Object item = sample(schema.getElementType(), branch);
                yield new ArrayList<>(Arrays.asList(item, item));
            }
            case MAP -> Map.of("key", sample(schema.getValueType(), branch));
            case INT -> -7;
            case LONG -> schema.getLogicalType() == null ? (Object) (3L << 60) : TIME;
            case FLOAT -> -0f;
            case DOUBLE -> -0.0;
            case STRING -> "text";
            case BYTES -> ByteBuffer.wrap(new byte[] {-1, 0, 1});
            case NULL -> null;
            case BOOLEAN, ENUM, FIXED -> throw new AssertionError(schema);
        };
    }

    @Test
    void everyFieldOfTheSchema_isPresentInItsOrder() {
        for (Map.Entry<String, SpecificRecordBase> golden : goldenFiles().toList()) {
            String json = json(golden.getValue());
            int from = 0;
            for (Schema.Field field : golden.getValue().getSchema().getFields()) {
                int at = json.indexOf("\"" + field.name() + "\":", from);
                assertThat(at).as("%s in %s", field.name(), json).isPositive();
                from = at;
            }
        }
    }

    @Test
    void prediction_isThisText() {
        assertThat(json(prediction("é\"\n😀", List.of(0.1f, 0.9f))))
                .isEqualTo(
                        "{\"modelId\":\"model\",\"id\":\"é\\\"\\n"
                            + "😀\",\"timestamp\":1700000000123,"
                            + "\"source\":{\"topic\":\"t\",\"partition\":0,\"offset\":1},"
                            + "\"modelVersion\":9,\"predictedClass\":1,\"predictedLabel\":\"up\","
                            + "\"probabilities\":[0.1,0.9],\"job\":\"job\",\"epoch\":2,"
                            + "\"classes\":[\"up\",\"down\"],\"entropy\":0.5,\"examplesSeen\":12,"
                            + "\"label\":\"down\",\"loss\":0.25}");
    }

    @Test
    void digest_isAlwaysHexadecimalText() throws IOException {
        assertThat(json(new Tally(3L, 11L)))
                .isEqualTo("{\"count\":3,\"digest\":\"000000000000000b\"}");
        assertThat(json(new Tally(3L, -1L)))
                .isEqualTo("{\"count\":3,\"digest\":\"ffffffffffffffff\"}");
    }

    @Test
    void wholeNumberBeyond2To53_isText() throws IOException {
        long limit = 1L << 53;
        for (long value : new long[] {0, limit, -limit}) {
            assertThat(json(new Tally(value, 0L))).startsWith("{\"count\":" + value + ",");
        }
        for (long value : new long[] {limit + 1, -limit - 1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThat(json(new Tally(value, 0L))).startsWith("{\"count\":\"" + value + "\",");
            PredictionEvent event = prediction("id", List.of());
            event.setModelVersion(value);
            event.setTimestamp(Instant.ofEpochMilli(value));
            assertThat(roundTrip(PredictionEvent.class, event)).isEqualTo(event);
        }
    }

    @Test
    void numberThatIsNotFinite_isNull_andReadAsNaN() throws IOException {
        String json = json(alert(Double.NaN, Double.POSITIVE_INFINITY));
        assertThat(json).contains("\"statistic\":null,\"threshold\":null");
        DriftAlertEvent read = read(DriftAlertEvent.class, json);
        assertThat(read.getStatistic()).isNaN();
        assertThat(read.getThreshold()).isNaN();

        PredictionEvent event = prediction("id", List.of(Float.NaN, Float.NEGATIVE_INFINITY, 1f));
        assertThat(json(event)).contains("\"probabilities\":[null,null,1.0]");
        assertThat(roundTrip(PredictionEvent.class, event).getProbabilities())
                .containsExactly(Float.NaN, Float.NaN, 1f);
    }

    @Test
    void optionalNumberThatIsNaN_isReadAsNull() throws IOException {
        DriftWindow window = new DriftWindow(1L, List.of(), TIME, TIME, Double.NaN, null);
        DriftAlertEvent event = alert(1, 2);
        event.setBefore(window);

        assertThat(roundTrip(DriftAlertEvent.class, event).getBefore().getLoss()).isNull();
    }

    /** Decimal texts are as short as they can be, so that a rounding twice would show. */
    @Test
    void floats_areReadBackToTheSameBits() throws IOException {
        Random random = new Random(SEED);
        List<Float> values = new ArrayList<>();
        for (int i = 0; i < 400_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            values.add(Float.isFinite(value) ? value : -0f);
        }
        values.addAll(
                List.of(
                        0f,
                        -0f,
                        1f,
                        Float.MIN_VALUE,
                        Float.MIN_NORMAL,
                        Float.MAX_VALUE,
                        1e7f,
                        1e-3f));

        List<Float> read =
                roundTrip(PredictionEvent.class, prediction("id", values)).getProbabilities();

        assertThat(read.stream().mapToInt(Float::floatToRawIntBits).toArray())
                .isEqualTo(values.stream().mapToInt(Float::floatToRawIntBits).toArray());
    }

    @Test
    void doubles_areReadBackToTheSameBits() throws IOException {
        Random random = new Random(SEED);
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            values.add(Double.isFinite(value) ? value : -0.0);
        }
        values.addAll(
                List.of(0.0, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, 1e-3, 1e7, Math.pow(2, 53)));
        ModelSnapshotEvent event =
                (ModelSnapshotEvent) GoldenFiles.newest().get("ModelSnapshotEvent.v3");
        event.setScaler(new ScalerSnapshot(1L, values, List.of(), List.of()));

        List<Double> read = roundTrip(ModelSnapshotEvent.class, event).getScaler().getMean();

        assertThat(read.stream().mapToLong(Double::doubleToRawLongBits).toArray())
                .isEqualTo(values.stream().mapToLong(Double::doubleToRawLongBits).toArray());
    }

    @Test
    void lengthOfANumber_isBounded() {
        Random random = new Random(SEED);
        List<Float> floats = new ArrayList<>();
        List<Double> doubles = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            floats.add(Float.intBitsToFloat(random.nextInt()));
            doubles.add(Double.longBitsToDouble(random.nextLong()));
        }
        String texts =
                json(prediction("", floats))
                        + ","
                        + json(new ScalerSnapshot(0L, doubles, List.of(), List.of()));

        assertThat(Arrays.stream(texts.split("[\\[\\],]")).filter(text -> text.contains("E")))
                .hasSizeGreaterThan(100_000)
                .allMatch(text -> text.length() <= 24);
        assertThat(
                        Arrays.stream(json(prediction("", floats)).split("[\\[\\],]"))
                                .filter(text -> text.contains(".")))
                .hasSizeGreaterThan(90_000)
                .allMatch(text -> text.length() <= 15);
    }

    @Test
    void textThatWasCutInACharacter_isStillWritten() throws IOException {
        PredictionEvent event = prediction("cut \uD83D", List.of());

        assertThat(roundTrip(PredictionEvent.class, event).getId()).isEqualTo("cut ?");
    }

    @Test
    void controlCharacters_areReadUnchanged() throws IOException {
        PredictionEvent event = prediction("\0\1\t\u007f\u2028\uFFFF", List.of());

        assertThat(roundTrip(PredictionEvent.class, event)).isEqualTo(event);
    }

    /** Records of an earlier version lack the fields that a later one added. */
    @Test
    void absentField_hasTheDefaultOfTheSchema() throws IOException {
        String json = json(prediction("id", List.of())).replace(",\"job\":\"job\",\"epoch\":2", "");

        PredictionEvent read = read(PredictionEvent.class, json);

        assertThat(read.getJob()).isEmpty();
        assertThat(read.getEpoch()).isZero();
    }

    @Test
    void unknownField_isSkipped() throws IOException {
        PredictionEvent event = prediction("id", List.of());
        String json = json(event).replace("\"id\":", "\"later\":{\"a\":[1,{}]},\"id\":");

        assertThat(read(PredictionEvent.class, json)).isEqualTo(event);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{}",
                "{\"modelId\":1}",
                "{\"modelId\":null}",
                "{\"modelId\":\"a\",\"modelId\":\"a\"}",
                "{\"timestamp\":\"soon\"}",
                "{\"timestamp\":1.5}",
                "{\"timestamp\":12345678901234567890}",
                "{\"predictedClass\":99999999999}",
                "{\"source\":[]}",
                "{\"probabilities\":[\"1\"]}",
                "{\"probabilities\":{}}"
            })
    void otherJson_isRefused(String json) {
        assertThatThrownBy(() -> read(PredictionEvent.class, json))
                .isInstanceOf(IOException.class)
                .hasMessage("not a whole PredictionEvent in JSON")
                .hasCauseInstanceOf(Exception.class);
    }

    @Test
    void problem_namesTheField() {
        String json =
                json(prediction("id", List.of())).replace("\"partition\":0", "\"partition\":\"0\"");

        assertThatThrownBy(() -> read(PredictionEvent.class, json))
                .hasRootCauseMessage("/source/partition is VALUE_STRING, not a whole number");
    }

    @Test
    void textAfterTheEvent_isRefused() {
        assertThatThrownBy(
                        () -> read(PredictionEvent.class, json(prediction("id", List.of())) + "{}"))
                .hasRootCauseMessage("text follows the event");
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void cutOrChangedText_isReadOrRefusedWithAnIOException(
            Map.Entry<String, SpecificRecordBase> golden) {
        byte[] bytes = EventJson.encode(golden.getValue());
        EventReader<?> reader = EventReader.of(golden.getValue().getClass());
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < MUTANTS_PER_EVENT; i++) {
            byte[] mutant = bytes.clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                mutant[1 + random.nextInt(mutant.length - 1)] = (byte) random.nextInt(256);
            }
            if (i % 8 == 0) {
                mutant = Arrays.copyOf(mutant, 1 + random.nextInt(mutant.length - 1));
            }
            try {
                assertThat(reader.read(mutant)).isNotNull();
            } catch (IOException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError(
                        "mutant " + i + ": " + new String(mutant, StandardCharsets.UTF_8), e);
            }
        }
        assertThat(refused).isBetween(1, MUTANTS_PER_EVENT - 1);
    }

    @Test
    void genericReader_readsBothFormats() throws IOException {
        PredictionEvent event = prediction("id", List.of(0.5f));
        EventReader<GenericRecord> reader = EventReader.generic(PredictionEvent.getClassSchema());

        GenericRecord fromAvro = reader.read(GoldenFiles.bytes(event));
        GenericRecord fromJson = reader.read(EventJson.encode(event));

        assertThat(fromJson.get("timestamp")).isEqualTo(TIME.toEpochMilli());
        assertThat(fromJson.get("id")).isEqualTo("id");
        assertThat(fromJson).isEqualTo(fromAvro);
    }

    @Test
    void readerOfAvro_refusesJson() {
        assertThatThrownBy(
                        () ->
                                EventReader.ofAvro(PredictionEvent.class)
                                        .read(EventJson.encode(prediction("id", List.of()))))
                .isInstanceOf(IOException.class)
                .hasMessage("not in Avro's single-object encoding");
    }

    @Test
    void defaultsOfAnEvent_areItsOwn() throws IOException {
        MetricsEvent event = (MetricsEvent) GoldenFiles.newest().get("MetricsEvent.v3");
        String json = json(event).replaceAll(",\"partitions\":\\[[^]]*]", "");
        MetricsEvent first = read(MetricsEvent.class, json);
        first.getPartitions().add(new PartitionAudit("t", "", 0, 0L, 0L, new Tally(0L, 0L)));

        assertThat(read(MetricsEvent.class, json).getPartitions()).isEmpty();
    }

    @Test
    void bytes_areBase64() throws IOException {
        DeadLetterEvent event = (DeadLetterEvent) GoldenFiles.newest().get("DeadLetterEvent.v2");
        byte[] message = new byte[256];
        for (int i = 0; i < message.length; i++) {
            message[i] = (byte) i;
        }
        event.setValue(ByteBuffer.wrap(message));

        String json = json(event);

        assertThat(json)
                .contains("\"value\":\"" + Base64.getEncoder().encodeToString(message) + "\"");
        assertThat(read(DeadLetterEvent.class, json)).isEqualTo(event);
    }
}
