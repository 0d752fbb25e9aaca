package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.SettingsSource;
import io.freshet.publish.JobIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SavedJobTest {
    private static final JobIdentity IDENTITY = new JobIdentity("job", 3, Map.of("t", "id"));

    private static SavedJob job(String... settings) {
        Map<String, String> values = new TreeMap<>();
        values.put("kafka.bootstrap.servers", "localhost:1");
        values.put("num-features", "4");
        values.put("classes", "a,b,c");
        values.put("learner.type", "softmax");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return new SavedJob(IDENTITY, JobConfig.parse(values).settings());
    }

    private static String refusal(SavedJob saved, SavedJob now, String... accepted) {
        return refusal(saved, now, Set.of("labelled-events"), accepted);
    }

    private static String refusal(
            @Nullable SavedJob saved, SavedJob now, Set<String> topics, String... accepted) {
        return JobEnumerator.refusal(saved, topics, now, JobConfig.keys(), Set.of(accepted))
                .orElse("");
    }

    @Test
    void sameSettings_areAccepted() {
        assertThat(refusal(job(), job())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a     | b       | a",
                "a,b   | b       | a",
                "a,b,c | c       | a and b",
                "/./   | /[^a]/  | a",
                "/./   | b,c     | a"
            })
    void topicThatIsLeft_isRefused_unlessAccepted(String before, String now, String left) {
        String key = "topics.labelled-events";
        SavedJob saved = job(key, before);
        Set<String> topics =
                before.startsWith("/")
                        ? Set.of("a", "b")
                        : TopicSelection.parse(before).names().stream().collect(Collectors.toSet());

        assertThat(refusal(saved, job(key, now), new TreeSet<>(topics)))
                .contains("the state has offsets of " + left + ", which the job would no longer")
                .contains(key + " = " + before + " in the state, " + now + " now")
                .contains("--accept " + key)
                .contains("--begin-again");
        assertThat(refusal(saved, job(key, now), topics, key)).isEmpty();
        assertThat(refusal(saved, job(key, now), topics, "another.key")).isNotEmpty();
    }

    @Test
    void topicThatIsLeft_isRefused_alsoIfTheStateDoesNotNameItsJob() {
        SavedJob now = job("topics.labelled-events", "b");

        assertThat(refusal(null, now, Set.of("a", "b")))
                .contains("topics.labelled-events = unknown in the state, b now");
        assertThat(refusal(null, now, Set.of("b"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"a | a,b", "a,b | b,a", "a | /./", "/a/ | /./", "/./ | a,b", "b,a | a"})
    void topicsThatJoin_areAccepted(String before, String now) {
        String key = "topics.labelled-events";

        assertThat(refusal(job(key, before), job(key, now), Set.of("a"))).isEmpty();
    }

    @Test
    void settings_areComparedAsValues() {
        assertThat(
                        refusal(
                                job(
                                        "scaler.type", "fading",
                                        "scaler.half-life", "500",
                                        "checkpoint.interval", "1 s"),
                                job(
                                        "scaler.type", "fading",
                                        "scaler.half-life", "5e2",
                                        "checkpoint.interval", "1000 ms")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "training.experts.rates | 0.003,0.001 | 0.001,0.003",
                "training.label-smoothing | 0.1 | 0",
                "training.class-weights | 1,2,3 | 3,2,1",
                "training.class-weights | balanced | 1,2,3",
                "training.class-weights | '' | 1,2,3",
                "classes | a,b,c | b,a,c",
                "classes | a,b,c | a,b",
                "classes | a,b,c | a,b,x,c",
                "num-features | 4 | 3",
                "metrics.window-size | 1000 | 500",
                "metrics.fading-factor | 0.99 | 0.9",
                "drift.detector | adwin | kswin",
                "scaler.type | welford | none",
                "topics.metrics | old | new",
                "mini-batch.size | 1 | 2",
                "job.name | a | b"
            })
    void settingThatChangesAMeaning_isRefusedWithBothValues_unlessAccepted(
            String key, String before, String now) {
        SavedJob saved = job(key, before);
        SavedJob changed = job(key, now);

        assertThat(refusal(saved, changed))
                .contains(key + " = " + before + " in the state, " + now + " now")
                .contains("--accept " + key);
        assertThat(refusal(saved, changed, key)).isEmpty();
        assertThat(refusal(saved, changed, "another.key")).isNotEmpty();
    }

    /** What auto stands for depends on other keys, and may not change with them. */
    @Test
    void settingThatIsAuto_isComparedByWhatItStandsFor() {
        String ensemble = "learner.type";
        String rates = "training.experts.rates";
        String seven = "0.001,0.003,0.01,0.03,0.1,0.3,1";

        assertThat(refusal(job("scaler.clip", "10"), job())).isEmpty();
        assertThat(
                        refusal(
                                job(ensemble, "ensemble"),
                                job(ensemble, "ensemble", "scaler.clip", "10")))
                .contains("scaler.clip = 100 in the state, 10 now");
        SavedJob hundred = job("num-features", "100");
        assertThat(refusal(hundred, job("num-features", "101")))
                .contains(rates + " = " + seven + " in the state, 0,0.0001," + seven + " now");
        assertThat(refusal(hundred, job("num-features", "101", rates, seven))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "metrics.every, 10, 20",
        "metrics.top-k, 2, 3",
        "job.parallelism, 1, 4",
        "block.size, 64, 256",
        "models.max, 10, 20",
        "sink.transaction-timeout, 10 min, 5 min"
    })
    void settingThatOnlyShowsOrRuns_mayChange_andIsNamed(String key, String before, String now) {
        SavedJob saved = job(key, before);
        SavedJob changed = job(key, now);

        assertThat(refusal(saved, changed)).isEmpty();
        assertThat(saved.differences(changed.settings(), JobConfig.keys()))
                .containsExactly(new SavedJob.Difference(key, before, now));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "classes | a,b,c | a,b,c,d",
                "classes | 3 | 5",
                "classes | 3 | 0,1,2,x",
                "num-features | 4 | 6",
                "training.pos-weight | 1,2,3 | 1,2,3,4"
            })
    void additionAtTheEnd_isAccepted_andNamed(String key, String before, String now) {
        String classes = key.equals("training.pos-weight") ? "a,b,c" : "2";
        Map<String, String> keys = new TreeMap<>(Map.of("classes", classes));
        keys.put(key, before);
        SavedJob saved = weighted(keys);
        keys.put(key, now);
        if (key.equals("training.pos-weight")) {
            keys.put("classes", "a,b,c,d");
        }
        SavedJob changed = weighted(keys);

        assertThat(refusal(saved, changed)).isEmpty();
        assertThat(saved.differences(changed.settings(), JobConfig.keys()))
                .contains(new SavedJob.Difference(key, before, now));
        assertThat(refusal(changed, saved))
                .contains(key + " = " + now + " in the state, " + before + " now");
    }

    @Test
    void capacityOfOpenClasses_mayGrow_andOpenClassesStayOpen() {
        SavedJob saved = job("classes", "open", "classes.capacity", "10");

        assertThat(refusal(saved, job("classes", "open", "classes.capacity", "20"))).isEmpty();
        assertThat(refusal(saved, job("classes", "open", "classes.capacity", "9")))
                .contains("classes.capacity = 10 in the state, 9 now");
        assertThat(refusal(saved, job("classes", "open,b")))
                .contains("classes = open in the state, open,b now");
        assertThat(refusal(job("classes", "a,b"), job("classes", "open")))
                .contains("classes = a,b in the state, open now");
    }

    private static SavedJob weighted(Map<String, String> keys) {
        Map<String, String> values = new TreeMap<>(keys);
        if (keys.containsKey("training.pos-weight")) {
            values.put("training.loss", "bce-with-logits");
            values.put("training.learning-rate", "0.1");
            values.put("label.type", "multi-label");
        }
        return job(
                values.entrySet().stream()
                        .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()))
                        .toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x,y:boolean | x,y:boolean,z | ''",
                "x,y | x | features",
                "x,y | y,x | features",
                "x,y | x,y:boolean | features",
                "x,y | z,x,y | features"
            })
    void features_mayBeAddedAtTheEnd_only(String before, String now, String refused) {
        assertFeatures("columns", before, now, refused);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x | x,y:text | ''",
                "x,y | *,x,y | ''",
                "* | x | features",
                "* | *,x:text | features",
                "*,x | *,x,y:text | features"
            })
    void hashedFeatures_mayBeAdded_butNoKindOfOneAmongAllFields(
            String before, String now, String refused) {
        assertFeatures("hashed", before, now, refused);
    }

    private static void assertFeatures(String encoding, String before, String now, String refused) {
        SavedJob saved = mapped(encoding, before);
        SavedJob changed = mapped(encoding, now);

        assertThat(refusal(saved, changed)).contains(refused);
        assertThat(refusal(saved, changed).isEmpty()).isEqualTo(refused.isEmpty());
    }

    private static SavedJob mapped(String encoding, String features) {
        return job(
                "source.format", "json",
                "features.encoding", encoding,
                "num-features", "auto",
                "features", features,
                "label", "class");
    }

    @Test
    void keyThatTheStateDoesNotKnow_hadItsDefault() {
        Map<String, String> older = new TreeMap<>(job().settings());
        older.remove("training.label-smoothing");
        SavedJob saved = new SavedJob(IDENTITY, older);

        assertThat(refusal(saved, job())).isEmpty();
        assertThat(refusal(saved, job("training.label-smoothing", "0.1")))
                .contains("training.label-smoothing = 0.0 in the state, 0.1 now");
    }

    /** Before there was the key, every learner was linear. */
    @Test
    void stateFromBeforeThereWereEnsembles_isThatOfALinearLearner() {
        Map<String, String> older = new TreeMap<>(job().settings());
        older.remove("learner.type");
        SavedJob saved = new SavedJob(IDENTITY, older);

        assertThat(refusal(saved, job())).isEmpty();
        assertThat(refusal(saved, job("learner.type", "ensemble")))
                .isEqualTo(
                        "the state was written with other settings:\n"
                                + "learner.type = softmax in the state, ensemble now\n"
                                + "set learner.type = softmax, without which the state cannot be"
                                + " read, or begin again without the state (--begin-again)");
    }

    /** The file lists all keys that the release had, with their defaults. */
    @Test
    void jobOfARelease_continuesIfItsLearnerIsNamed_andIsRefusedForNothingElse()
            throws IOException {
        Path file =
                Path.of(
                        "..",
                        "deploy",
                        "local",
                        "src",
                        "test",
                        "resources",
                        "golden",
                        "0.1.0",
                        "defaults",
                        "job.properties");
        Map<String, String> release = new TreeMap<>(SettingsSource.read(file, List.of()));
        SavedJob saved = new SavedJob(IDENTITY, release);
        Set<String> topics = Set.of(release.get("topics.labelled-events"));
        release.put("kafka.bootstrap.servers", "localhost:1");

        assertThat(
                        refusal(
                                saved,
                                new SavedJob(IDENTITY, JobConfig.parse(release).settings()),
                                topics))
                .contains("\nlearner.type = softmax in the state, ensemble now\nset learner.type")
                .hasLineCount(3);
        release.put("learner.type", "softmax");
        assertThat(
                        refusal(
                                saved,
                                new SavedJob(IDENTITY, JobConfig.parse(release).settings()),
                                topics))
                .isEmpty();
    }

    @Test
    void anotherLearner_isRefused_evenIfItIsAccepted() {
        SavedJob ensemble = job("learner.type", "ensemble");

        assertThat(refusal(ensemble, job(), "learner.type"))
                .contains("learner.type = ensemble in the state, softmax now")
                .contains("set learner.type = ensemble, without which")
                .doesNotContain("--accept");
        assertThat(refusal(ensemble, job("metrics.window-size", "500"), "learner.type"))
                .contains("metrics.window-size = 1000 in the state, 500 now")
                .contains(
                        "set the former values, or accept the new ones with --accept"
                                + " metrics.window-size and set learner.type = ensemble, without"
                                + " which the state cannot be read, or begin again");
    }

    @Test
    void anotherEpoch_isRefused_unlessTheJobRollsBack() {
        SavedJob later = new SavedJob(new JobIdentity("job", 4, Map.of()), job().settings());

        assertThat(refusal(job(), later)).contains("epoch 3 of the job job; this is epoch 4");
        assertThat(refusal(job(), later, JobEnumerator.EPOCH)).isEmpty();
    }
}
