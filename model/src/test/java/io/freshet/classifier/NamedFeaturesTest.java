package io.freshet.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.features.FeatureHasher;
import io.freshet.schemas.ModelSnapshotEvent;
import java.nio.CharBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Test of classification by the names of fields. {@code NamedFeaturesParityTest} of the job
 * compares it with the job's predictions.
 */
class NamedFeaturesTest {
    private static final String FIELDS =
            "age,city:categorical(Oslo|Rome),member:boolean,since:time,user.height,v[0:2],"
                    + "[\"a.b\"]";
    private static final int COLUMNS = 12;

    /** Returns a classifier of a snapshot with settings: keys, each followed by its value. */
    private static Classifier classifier(int numFeatures, String... settings)
            throws InvalidSnapshotException {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        boolean hashed = "hashed".equals(values.get("features.encoding"));
        Snapshots model = new Snapshots(1, numFeatures, 3, 3, "softmax", 2, !hashed);
        if (hashed) {
            model.sparse(new Random(1), IntStream.rangeClosed(0, numFeatures).toArray(), false, 0);
        }
        List<ModelSnapshotEvent> records = model.records(1 << 20);
        records.get(0).getProvenance().setHyperParameters(values);
        return ClassifierReader.of(records);
    }

    private static Classifier classifier() throws InvalidSnapshotException {
        return classifier(COLUMNS, "features", FIELDS, "features.missing", "mean");
    }

    private static void assertRefused(Classifier classifier, Map<String, ?> fields, String why) {
        assertThatThrownBy(() -> classifier.classify(fields))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why);
    }

    @Test
    void fields_becomeTheColumnsOfTheirKinds() throws Exception {
        float missing = Float.NaN;
        // A Monday at six: the sine of the hour is 1, its cosine 0.
        double week = 2 * Math.PI * 0.25 / 7;
        float[] expected = {
            41, 0, 1, 1, 1, 0, (float) Math.sin(week), (float) Math.cos(week), 1.8f, 7, missing, 3
        };
        Map<String, Object> fields = new HashMap<>();
        fields.put("age", 41);
        fields.put("city", CharBuffer.wrap("Rome"));
        fields.put("member", true);
        fields.put("since", Instant.parse("2024-01-29T06:00:00Z"));
        fields.put("user", Map.of("height", 1.8f));
        fields.put("v", Arrays.asList(7, null));
        fields.put("a.b", "3");
        fields.put("no feature", LocalDate.EPOCH);

        float[] found = classifier().classify(fields).probabilities();

        // The cosine of a quarter of a day is 6e-17 in double.
        expected[5] = (float) Math.cos(Math.PI / 2);
        assertThat(found).isEqualTo(classifier().classify(expected).probabilities());
    }

    @Test
    void pathAsKey_isTheFieldAtThePath() throws Exception {
        Classifier classifier = classifier();
        assertThat(classifier.classify(Map.of("user.height", 2, "[\"a.b\"]", 3)).probabilities())
                .isEqualTo(
                        classifier
                                .classify(Map.of("user", Map.of("height", 2), "a.b", 3))
                                .probabilities());
        assertRefused(
                classifier,
                Map.of("user.height", 2, "user", Map.of("height", 2)),
                "user.height is there twice");
    }

    @Test
    void fields_areThoseOfTheSnapshot() throws Exception {
        assertThat(classifier().fields()).get().hasToString(FIELDS);
        assertThat(classifier().fields().orElseThrow().columnNames()).hasSize(COLUMNS);
    }

    @Test
    void valuesThatTheJobWouldNotAccept_areRefusedWithTheirPath() throws Exception {
        Classifier classifier = classifier();
        assertRefused(classifier, Map.of("age", "old"), "age is \"old\", not a number");
        assertRefused(classifier, Map.of("age", false), "age is false, not a number");
        assertRefused(classifier, Map.of("age", List.of(1)), "age is a list, not a single value");
        assertRefused(classifier, Map.of("age", Map.of()), "age is an object, not a single value");
        assertRefused(classifier, Map.of("age", 1e300), "age is 1.0E300, too large for a float");
        assertRefused(
                classifier,
                Map.of("age", LocalDate.EPOCH),
                "age is a value of class java.time.LocalDate, not a number, a text, true or false,"
                        + " an Instant, a List or a Map");
        assertRefused(classifier, Map.of("member", 2), "member is \"2\", neither true nor false");
        assertRefused(classifier, Map.of("since", "soon"), "since is \"soon\", not a time");
        assertRefused(classifier, Map.of("user", 1), "user is a number, not an object");
        assertRefused(classifier, Map.of("v", List.of(1)), "v has 1 values instead of 2");
        assertRefused(
                classifier,
                Map.of("v", List.of(1, "x")),
                "v has the member 1, \"x\", which is not a number");
        assertRefused(
                classifier,
                Map.of("v", List.of(1, List.of())),
                "v has the member 1, which is a list, not a number");
        assertRefused(
                classifier, Map.of("user", Map.of(1, 2)), "user has the key 1, which is not text");
        assertRefused(
                classifier,
                Map.of("since", Instant.MAX),
                "since is " + Instant.MAX + ", too far from 1970 for milliseconds");
        // The next example is not affected.
        assertThat(classifier.classify(Map.of("age", 1)).probabilities()).hasSize(3);
    }

    @Test
    void missingValue_isRefusedWhereTheJobWould() throws Exception {
        Classifier strict =
                classifier(2, "features", "age,size", "features.missing", "dead-letter");
        assertRefused(
                strict, Map.of("age", 3), "size is missing, and features.missing is dead-letter");
        assertThat(strict.classify(Map.of("age", 3, "size", 2)).probabilities())
                .isEqualTo(strict.classify(new float[] {3, 2}).probabilities());
    }

    @Test
    void indicators_sayWhichValuesAreMissing() throws Exception {
        Classifier classifier =
                classifier(
                        4,
                        "features",
                        "a,b",
                        "features.missing",
                        "zero",
                        "features.missing-indicator",
                        "true");
        assertThat(classifier.classify(Map.of("b", 3)).probabilities())
                .isEqualTo(classifier.classify(new float[] {0, 3, 1, 0}).probabilities());
    }

    @Test
    void deepValues_areRefused_alsoIfTheyContainThemselves() throws Exception {
        Classifier classifier = classifier(16, "features", "*", "features.encoding", "hashed");
        Map<String, Object> cyclic = new HashMap<>();
        cyclic.put("a", cyclic);
        assertThatThrownBy(() -> classifier.classify(cyclic))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("a is nested more than 64 levels deep");
        List<Object> list = new ArrayList<>();
        list.add(list);
        assertThatThrownBy(() -> classifier.classify(Map.of("b", list)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("[0] is nested more than 64 levels deep");
    }

    @Test
    void names_areHashed() throws Exception {
        Classifier classifier =
                classifier(
                        16,
                        "features",
                        "",
                        "features.encoding",
                        "hashed",
                        "features.missing",
                        "zero");
        FeatureHasher hasher = new FeatureHasher(16);
        long age = hasher.hash("age");
        long city = hasher.hash("city=Oslo");
        assertThat(classifier.classify(Map.of("age", 2, "city", "Oslo", "x", 0)).probabilities())
                .isEqualTo(
                        classifier
                                .classify(
                                        new int[] {hasher.column(age), hasher.column(city)},
                                        new float[] {
                                            2 * FeatureHasher.sign(age), FeatureHasher.sign(city)
                                        })
                                .probabilities());
        assertRefused(classifier, Map.of("", 1), "a feature's name is empty");
        assertRefused(
                classifier,
                Map.of("n".repeat(1025), 1),
                "a feature's name has 1025 bytes, more than 1024");
        assertRefused(
                classifier,
                Map.of("city", "ä".repeat(65_537)),
                "feature \"city\" has 131074 bytes, more than 131072");
        assertRefused(
                classifier,
                Map.of("age", 1e39),
                "feature \"age\" is 1.0E39, which no finite float holds");
        assertRefused(
                classifier,
                Map.of("age", true),
                "feature \"age\" is a value of class java.lang.Boolean, neither a number nor a"
                        + " text");
        Map<String, Object> nameless = new HashMap<>();
        nameless.put(null, 1);
        assertRefused(classifier, nameless, "the example has the key null, which is not text");
        Map<String, Object> many = new HashMap<>();
        for (int i = 0; i <= FeatureHasher.MAX_FEATURES; i++) {
            many.put("f" + i, 1);
        }
        assertRefused(classifier, many, "the example has more than 65536 features");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            textBlock =
                    """
                    ~ columns~ its snapshot does not say which fields the features are, as those of\
                     earlier releases do not
                    ''~ columns~ its features have no names: the job reads events in Freshet's own\
                     format with features.encoding=columns; classify them by column
                    ''~ sparse~ its features have no names: the job reads events in Freshet's own\
                     format with features.encoding=sparse; classify them by column
                    a,b~ columns~ it has 3 features, but by its setting features 2
                    a,b,c:colour~ columns~ its setting features cannot be read: c: "colour" is not a\
                     kind; kinds are numeric, boolean, categorical, time and text
                    a,b~ hashed~ its features are hashed into 3 columns, not a power of 2
                    *~ columns~ the fields "*" have no columns unless they are hashed
                    a,b,c~ other~ its features.encoding "other" is unknown
                    """)
    void modelWithoutNames_saysWhy(String features, String encoding, String reason)
            throws Exception {
        Classifier classifier =
                features == null
                        ? classifier(3, "features.encoding", encoding)
                        : classifier(3, "features.encoding", encoding, "features", features);
        assertThatThrownBy(() -> classifier.classify(Map.of("a", 1)))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("version 7 of model \"m\" takes no named features: " + reason);
        assertThat(classifier.classify(new float[] {1, 2, 3}).probabilities()).hasSize(3);
    }

    @Test
    void manyThreads_classifyAsOneDoes() throws Exception {
        Classifier classifier = classifier();
        List<Map<String, Object>> examples = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Map<String, Object> fields =
                    Map.of("age", i, "city", i % 2 == 0 ? "Oslo" : "Rome", "v", List.of(i, 1));
            examples.add(fields);
            expected.add(classifier().classify(fields).probabilities());
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<List<float[]>> all =
                    () ->
                            examples.stream()
                                    .map(fields -> classifier.classify(fields).probabilities())
                                    .toList();
            for (Future<List<float[]>> found : threads.invokeAll(List.of(all, all, all, all))) {
                assertThat(found.get()).usingRecursiveComparison().isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }
}
