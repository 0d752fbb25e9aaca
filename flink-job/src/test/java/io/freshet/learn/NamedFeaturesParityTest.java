package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.Messages;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.SnapshotRecords;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.NamedFeatures;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Comparison of what a job predicts for events with what a {@link Classifier} that is made of the
 * job's snapshot predicts for the same values by the names of their fields.
 */
class NamedFeaturesParityTest {
    /** Rounding, as in {@link ClassifierParityTest}. */
    private static final double TOLERANCE = 1e-6;

    private static final int TRAINING = 600;
    private static final int QUERIES = 600;

    /** Writes NaN and Infinity as numbers, as Python does. */
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .build();

    /** All kinds, ranges, paths and names that need quotes. */
    private static final String LISTED =
            "age,made:numeric(origin=1700000000),"
                + "city:categorical(Oslo|Rome|\"a|b\"|5|2.5|true),member:boolean,since:time,"
                + "user.height,[\"a.b\"],readings[1].value,pixels[0:4],pixels[2]:categorical(0|1|7),"
                + "flags[1:3]:boolean";

    private static final String OPEN = ",tag:categorical,words:text";

    private static JobConfig config(String features, String settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "localhost:9092");
        values.put("source.format", "json");
        values.put("features", features);
        values.put("classes", "down,up");
        values.put("label", "y");
        values.put("id", "meta.id");
        values.put("weight", "w");
        values.put("block.size", "65536");
        values.put("learner.type", "softmax");
        for (String setting : settings.split(" ", -1)) {
            String[] pair = setting.split("=", 2);
            values.put(pair[0], pair[1]);
        }
        values.values().removeIf(String::isEmpty);
        return JobConfig.parse(values);
    }

    /**
     * Generator of events.
     *
     * @param missingOneIn reciprocal of the fraction of values that are missing
     */
    private record Events(Random random, int missingOneIn) {
        private static final List<String> NAMES =
                List.of(
                        "age",
                        "made",
                        "city",
                        "member",
                        "since",
                        "user",
                        "a.b",
                        "readings",
                        "pixels",
                        "flags",
                        "tag",
                        "words");

        /** Values that cannot be used, or only where categories are open. */
        private static final List<Object> UNUSABLE =
                List.of(
                        "abc",
                        "1d",
                        List.of(),
                        Map.of("x", 1),
                        List.of("x"),
                        1e300,
                        Double.POSITIVE_INFINITY,
                        -3,
                        "2024-13-01",
                        true);

        private Object choose(Object... values) {
            return values[random.nextInt(values.length)];
        }

        private boolean isMissing() {
            return random.nextInt(missingOneIn) == 0;
        }

        private @Nullable Object orMissing(Object value) {
            if (!isMissing()) {
                return value;
            }
            return random.nextBoolean() ? null : choose("", " ", "nan", Double.NaN);
        }

        private Object number() {
            return switch (random.nextInt(9)) {
                case 0 -> random.nextInt(100);
                case 1 -> (long) random.nextInt(10) << 3;
                case 2 -> random.nextFloat();
                case 3 -> new BigDecimal("1.25").movePointRight(random.nextInt(3));
                case 4 -> BigInteger.valueOf(random.nextInt(7));
                case 5 -> " 3.5 ";
                default -> random.nextGaussian();
            };
        }

        private Object category() {
            return isMissing()
                    ? "elsewhere"
                    : choose("Oslo", " Rome", "a|b", 5, 5.0, 2.5, 2.5f, true, 5L, "2.5");
        }

        private Object bool() {
            return choose(true, false, 1, 0, 1.0, "yes", "No", "t");
        }

        private Object time() {
            long seconds = 1_700_000_000L + random.nextInt(10_000_000);
            Instant time = Instant.ofEpochSecond(seconds);
            return choose(
                    seconds,
                    seconds * 1000,
                    seconds + 0.5,
                    time.toString(),
                    time.atOffset(ZoneOffset.ofHours(2)).toString(),
                    Long.toString(seconds));
        }

        private Map<String, @Nullable Object> object(String name, @Nullable Object value) {
            Map<String, @Nullable Object> object = new HashMap<>();
            object.put(name, value);
            object.put("ignored", category());
            return object;
        }

        private List<@Nullable Object> pixels() {
            List<@Nullable Object> list = new ArrayList<>();
            for (int i = 0; i < 4 + random.nextInt(2); i++) {
                list.add(orMissing(i == 2 ? choose(0, 1, 7) : choose(number(), true, false)));
            }
            return list;
        }

        /**
         * Returns the fields of an event.
         *
         * @param invalid whether one of them has a value that probably cannot be used
         */
        Map<String, @Nullable Object> next(boolean invalid) {
            Map<String, @Nullable Object> event = new LinkedHashMap<>();
            event.put("age", orMissing(number()));
            event.put("made", 1_700_000_000 + random.nextInt(100));
            event.put("city", orMissing(category()));
            event.put("member", orMissing(bool()));
            event.put("since", orMissing(time()));
            event.put("user", object("height", orMissing(number())));
            event.put("a.b", orMissing(number()));
            event.put("readings", Arrays.asList(null, object("value", orMissing(number())), 3));
            event.put("pixels", pixels());
            event.put("flags", Arrays.asList(0, orMissing(1), choose(0, 1, true)));
            event.put("tag", orMissing(category()));
            event.put("words", orMissing(choose("Ein wort, ein Wort \u00e4", category())));
            event.put("unmapped" + random.nextInt(3), random.nextInt(4));
            event.put("nested", Map.of("list", List.of(1, "b", true), "deep", Map.of("x", "y")));
            event.put("w", 1 + random.nextInt(2));
            event.put("meta", Map.of("id", "id-" + random.nextInt(), "source", choose("s", "t")));
            event.keySet().removeIf(key -> random.nextInt(missingOneIn * missingOneIn) == 0);
            if (invalid) {
                event.put(
                        NAMES.get(random.nextInt(NAMES.size())),
                        UNUSABLE.get(random.nextInt(UNUSABLE.size())));
            }
            return event;
        }
    }

    private static byte[] json(Map<String, @Nullable Object> event) {
        try {
            return JSON.writeValueAsBytes(event);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** Learner of a job with its decoder. */
    private static final class Job implements AutoCloseable {
        final JobConfig config;
        final Learner learner;
        final List<DeadLetter> deadLetters = new ArrayList<>();
        private final ExamplePacker packer;
        private @Nullable ExampleBlock block;
        private long offset;

        Job(JobConfig config) {
            this.config = config;
            learner = new Learner("default", new LearnerWorkspace(config.learn()));
            packer = new ExamplePacker(config.ingest(), null, deadLetters::add);
        }

        /** Decodes a message; returns why it is a dead letter, or null. */
        @Nullable DeadLetter pack(byte[] message) {
            deadLetters.clear();
            ExampleBlock packed = packer.pack(Messages.message(offset++, message));
            if (packed.modelId().equals("default")) {
                block = packed;
            }
            return deadLetters.isEmpty() ? null : deadLetters.get(0);
        }

        /** Learns and predicts what was packed. */
        List<Prediction> process() {
            List<Prediction> predictions = new ArrayList<>();
            ExampleBlock packed = block;
            assertThat(packed).isNotNull();
            if (packed != null) {
                learner.process(packed, predictions::add, alert -> {});
                learner.closeMiniBatch(predictions::add, alert -> {});
                packer.recycle(packed);
            }
            return predictions;
        }

        Classifier classifier() throws Exception {
            return ClassifierReader.of(
                    SnapshotRecords.of(
                            learner.publish(), config.publish(), config.learn(), config.monitor()));
        }

        @Override
        public void close() {
            learner.close();
        }
    }

    private static void train(Job job, Events events) {
        int valid = 0;
        for (int i = 0; i < TRAINING; i++) {
            Map<String, @Nullable Object> event = events.next(false);
            boolean up = event.get("age") instanceof Number age && age.doubleValue() > 1;
            event.put("y", up ? "up" : "down");
            valid += job.pack(json(event)) == null ? 1 : 0;
        }
        assertThat(valid).isGreaterThan(TRAINING / 3);
        job.process();
    }

    @ParameterizedTest
    @CsvSource({
        "columns, features.missing=mean",
        "columns, features.missing=zero scaler.type=none training.learning-rate=0.0001",
        "columns, features.missing=dead-letter",
        "columns, features.missing=mean features.missing-indicator=true",
        "columns, features.missing=mean learner.type=ensemble",
        "columns, features.missing=dead-letter learner.type=ensemble"
                + " training.experts.baselines=true",
        "columns, features.encoding=sparse",
        "columns, features.encoding=sparse features.missing=dead-letter",
        "hashed, features.encoding=hashed features.hash-bits=12",
        "hashed, features.encoding=hashed features.missing=dead-letter",
        "all, features.encoding=hashed features.hash-bits=14",
        "all, features.encoding=hashed features.hash-bits=8 scaler.type=none"
                + " training.learning-rate=0.0001",
    })
    void namedValues_areClassifiedAsJsonEvents(String kind, String settings) throws Exception {
        String features =
                switch (kind) {
                    case "columns" -> LISTED;
                    case "hashed" -> LISTED + OPEN;
                    default -> "*,city:categorical,words:text,since:time,user.height";
                };
        boolean complete = settings.contains("dead-letter");
        Events events = new Events(new Random(7), complete ? 100 : 5);
        try (Job job = new Job(config(features, settings))) {
            train(job, events);
            Classifier classifier = job.classifier();
            List<float[]> found = new ArrayList<>();
            int invalid = 0;
            for (int i = 0; i < QUERIES; i++) {
                Map<String, @Nullable Object> event = events.next(i % 3 == 0);
                byte[] json = json(event);
                Map<String, @Nullable Object> parsed =
                        JSON.readValue(json, new TypeReference<>() {});
                DeadLetter refused = job.pack(json);
                if (refused == null) {
                    float[] probabilities = classifier.classify(event).probabilities();
                    assertThat(classifier.classify(parsed).probabilities())
                            .isEqualTo(probabilities);
                    found.add(probabilities);
                } else {
                    invalid++;
                    assertThatThrownBy(() -> classifier.classify(event))
                            .as(new String(json, StandardCharsets.UTF_8))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessage(refused.detail());
                    assertThatThrownBy(() -> classifier.classify(parsed))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessage(refused.detail());
                }
            }
            assertThat(invalid).isPositive();
            assertClose(found, job.process());
            assertThat(classifier.fields().map(Object::toString))
                    .contains(job.config.ingest().source().mapping().features().toString());
        }
    }

    private static void assertClose(List<float[]> found, List<Prediction> predictions) {
        assertThat(found).hasSameSizeAs(predictions).hasSizeGreaterThan(3);
        double largest = 0;
        double spread = 0;
        for (int i = 0; i < found.size(); i++) {
            float[] expected = predictions.get(i).probabilities();
            for (int c = 0; c < expected.length; c++) {
                largest = Math.max(largest, Math.abs(found.get(i)[c] - expected[c]));
                spread = Math.max(spread, Math.abs(expected[c] - found.get(0)[c]));
            }
        }
        assertThat(largest).isCloseTo(0, within(TOLERANCE));
        assertThat(spread).isGreaterThan(0.01);
    }

    @Test
    void partsOfAnExample_areNoFeaturesWhereAllFieldsAre() throws Exception {
        try (Job job = new Job(config("*", "features.encoding=hashed features.hash-bits=12"))) {
            train(job, new Events(new Random(3), 5));
            Classifier classifier = job.classifier();

            assertThat(
                            classifier
                                    .classify(
                                            Map.of(
                                                    "y",
                                                    "up",
                                                    "w",
                                                    List.of(),
                                                    "age",
                                                    4,
                                                    "meta",
                                                    Map.of("id", "5", "source", "s1")))
                                    .probabilities())
                    .isEqualTo(
                            classifier
                                    .classify(Map.of("age", 4, "meta", Map.of("source", "s1")))
                                    .probabilities());
            assertThat(classifier.info().hyperParameters())
                    .containsEntry("features", "*")
                    .containsEntry("label", "y")
                    .containsEntry("id", "meta.id")
                    .containsEntry("weight", "w")
                    .doesNotContainKey("model");
        }
    }

    @ParameterizedTest
    @CsvSource({"row[2], up", "row[2].name, {name=up}"})
    void labelInAListOfFeatures_isNoFeature(String label, String member) throws Exception {
        Object text = member.startsWith("{") ? Map.of("name", "up") : member;
        Map<String, @Nullable Object> event = Map.of("row", List.of(3, 1, text));
        try (Job job = new Job(config("row[0:2]", "label=" + label))) {
            assertThat(job.pack(json(event))).isNull();
            job.process();
            Classifier classifier = job.classifier();

            assertThat(classifier.classify(event).probabilities())
                    .isEqualTo(classifier.classify(new float[] {3, 1}).probabilities());
            assertThat(classifier.info().hyperParameters())
                    .containsEntry("label", label)
                    .doesNotContainKeys("id", "weight");
        }
    }

    @ParameterizedTest
    @CsvSource({"zero", "dead-letter"})
    void names_areClassifiedAsEventsInFreshetsFormat(String missing) throws Exception {
        JobConfig config =
                config(
                        "",
                        "features.encoding=hashed features.hash-bits=10 source.format=freshet"
                                + " label= id= weight= features.missing="
                                + missing);
        Random random = new Random(5);
        try (Job job = new Job(config)) {
            for (int i = 0; i < TRAINING; i++) {
                assertThat(job.pack(message(named(random), i % 2))).isNull();
            }
            job.process();
            Classifier classifier = job.classifier();
            List<float[]> found = new ArrayList<>();
            for (int i = 0; i < QUERIES; i++) {
                NamedFeatures features = named(random);
                if (i % 7 == 0) {
                    features.getCategorical().put("city", "");
                }
                if (i % 7 == 1) {
                    features.getNumeric().put("age", i % 2 == 0 ? Float.NaN : 1f / 0);
                }
                Map<String, Object> values = new HashMap<>(features.getNumeric());
                values.putAll(features.getCategorical());
                if (job.pack(message(features, null)) == null) {
                    found.add(classifier.classify(values).probabilities());
                } else {
                    assertThatThrownBy(() -> classifier.classify(values))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageMatching("feature \"(city|age)\" is .*");
                }
            }
            assertClose(found, job.process());
            assertThat(classifier.fields()).isEmpty();
        }
    }

    private static NamedFeatures named(Random random) {
        Map<String, Float> numbers = new HashMap<>();
        numbers.put("age", (float) random.nextGaussian());
        numbers.put("größe", random.nextInt(3) - 1f);
        Map<String, String> categories = new HashMap<>();
        categories.put("city", random.nextBoolean() ? "Oslo" : " Tromsø");
        return new NamedFeatures(numbers, categories);
    }

    private static byte[] message(NamedFeatures features, @Nullable Integer label)
            throws IOException {
        LabelledEvent event = Messages.event("default", 1, label);
        event.setFeatures(features);
        return Messages.bytes(event);
    }

    @Test
    void denseFeaturesInFreshetsFormat_haveNoNames() throws Exception {
        JobConfig config = config("", "source.format=freshet num-features=2 label= id= weight=");
        try (Job job = new Job(config)) {
            for (int i = 0; i < 10; i++) {
                job.pack(Messages.bytes(Messages.event("default", i, i % 2, i, 1)));
            }
            job.process();
            Classifier classifier = job.classifier();

            assertThatThrownBy(() -> classifier.classify(Map.of("age", 1)))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining(
                            "its features have no names: the job reads events in Freshet's own"
                                    + " format with features.encoding=columns");
        }
    }
}
