package io.freshet.pipeline;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.KeyReference;
import io.freshet.config.SettingsSource;
import io.freshet.drift.Adwin;
import io.freshet.drift.CoolDown;
import io.freshet.drift.Cusum;
import io.freshet.drift.Ddm;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.Eddm;
import io.freshet.drift.HddmA;
import io.freshet.drift.HddmW;
import io.freshet.drift.Kswin;
import io.freshet.drift.PageHinkley;
import io.freshet.drift.RobustCusum;
import io.freshet.drift.Signal;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.PredictedEvents;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.learn.DeviceConfig;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.device.DevicePreference;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import io.freshet.monitor.MetricPart;
import io.freshet.monitor.MetricsDelivery;
import io.freshet.monitor.MonitorConfig;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.PublishFormat;
import io.freshet.publish.Topic;
import io.freshet.registry.RegistryConfig;
import io.freshet.score.ScoreConfig;
import io.freshet.score.UnknownModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class JobConfigTest {
    private static final Map<String, String> REQUIRED =
            Map.of(
                    "kafka.bootstrap.servers", "broker:9092",
                    "num-features", "54",
                    "classes", "7");

    /** The required keys, and a linear learner, with which most keys of training go. */
    private static final Map<String, String> LINEAR =
            Map.of(
                    "kafka.bootstrap.servers", "broker:9092",
                    "num-features", "54",
                    "classes", "7",
                    "learner.type", "softmax");

    private static Map<String, String> with(String key, String value) {
        Map<String, String> settings = new HashMap<>(LINEAR);
        settings.put(key, value);
        return settings;
    }

    @Test
    void defaults_areThoseOfTheDocumentation() {
        JobConfig config = JobConfig.parse(REQUIRED);

        assertThat(config.ingest().numFeatures()).isEqualTo(54);
        assertThat(config.ingest().classes()).containsExactly("0", "1", "2", "3", "4", "5", "6");
        assertThat(config.ingest().blockSize()).isEqualTo(256);
        assertThat(config.ingest().blockMaxWait()).isEqualTo(Duration.ofMillis(200));
        assertThat(config.ingest().allowedModels()).isEmpty();
        assertThat(config.ingest().labelType()).isEqualTo(LabelType.CLASS);
        assertThat(config.ingest().ignoreIndex()).isNull();
        assertThat(config.learn().learner())
                .isEqualTo(
                        new LearnerSettings(
                                54,
                                7,
                                1,
                                new CrossEntropy(7),
                                new Sgd(1, 0),
                                new Mixture(
                                        List.of(0.001, 0.01, 0.1, 1.0),
                                        List.of(0.0001, 0.001, 0.01, 0.1),
                                        false),
                                MiniBatchReduction.EXAMPLES,
                                new Standardization(100, false),
                                10,
                                false,
                                new EnsembleRule(false, false)));
        assertThat(config.learn().labelType()).isEqualTo(LabelType.CLASS);
        assertThat(config.learn().miniBatchMaxWait()).isNull();
        assertThat(config.learn().maxModels()).isEqualTo(100);
        assertThat(config.learn().device().preference()).isEqualTo(DevicePreference.AUTO);
        assertThat(config.learn().device().fallback()).isEqualTo(DeviceFallback.CPU);
        assertThat(config.monitor().windowSize()).isEqualTo(1000);
        assertThat(config.kafka().labelledEvents()).isEqualTo("labelled-events");
        assertThat(config.publish().topics())
                .containsExactly(
                        "metrics",
                        "drift-alerts",
                        "predictions",
                        "models",
                        "model-history",
                        "dead-letters");
        assertThat(config.checkpointInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.parallelism()).isEqualTo(1);
    }

    @Test
    void defaultsOfALinearLearner_areThoseOfTheDocumentation() {
        LearnConfig learn = JobConfig.parse(LINEAR).learn();

        assertThat(learn.learner())
                .isEqualTo(
                        new LearnerSettings(
                                54,
                                7,
                                1,
                                new CrossEntropy(7),
                                new Sgd(1, 0),
                                new Mixture(
                                        List.of(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
                                        List.of(0.0001, 0.001, 0.01, 0.1),
                                        false),
                                MiniBatchReduction.EXAMPLES,
                                new Standardization(10, false),
                                10));
        assertThat(learn.maxModels()).isEqualTo(1000);
    }

    /** Keys that have no effect with the format that the test of all keys sets. */
    private static final List<Key<?>> KEYS_OF_ANOTHER_FORMAT =
            List.of(SourceConfig.AVRO_SCHEMAS, SourceConfig.AVRO_ENCODING);

    @Test
    void settingWithoutEffect_isAWarning() {
        List<String> warnings = new ArrayList<>();

        JobConfig.parse(
                Map.of(
                        "kafka.bootstrap.servers", "b:1",
                        "num-features", "3",
                        "classes", "2",
                        "flink.of-a-plugin.option", "x"),
                warnings::add);

        assertThat(warnings).singleElement().asString().contains("flink.of-a-plugin.option");
    }

    /** Sets every key, where possible to a value other than its default, and checks its effect. */
    @Test
    void everyKey_isRead() {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "b:1");
        settings.put("kafka.security.protocol", "SSL");
        settings.put("topics.labelled-events", "t0");
        settings.put("source.group-id", "g");
        settings.put("source.start", "latest");
        settings.put("sink.transactional-id-prefix", "p");
        settings.put("sink.transaction-timeout", "3 min");
        settings.put("source.format", "confluent-avro");
        settings.put("schema.registry.url", "http://r:8081");
        settings.put("schema.registry.basic-auth.user", "u");
        settings.put("schema.registry.basic-auth.password", "${dir:/s:p}");
        settings.put("schema.registry.auto-register", "false");
        settings.put("features", "age,city:categorical(Oslo|Rome)");
        settings.put("label", "outcome");
        settings.put("id", "key");
        settings.put("timestamp", "at");
        settings.put("model", "header.tenant");
        settings.put("weight", "w[0]");
        settings.put("num-features", "3");
        settings.put("classes", "no, yes");
        settings.put("classes.capacity", "100"); // see openClasses_areRead
        settings.put("label.type", "class"); // the default; others exclude the next key
        settings.put("label.ignore-index", "-100");
        settings.put("features.missing", "zero"); // the mean needs a scaler
        settings.put("features.encoding", "sparse");
        settings.put("features.hash-bits", "18"); // the default; see HashedFeaturesTest
        settings.put("features.missing-indicator", "false"); // the default; sparse excludes it
        settings.put("block.size", "11");
        settings.put("block.max-wait", "12 ms");
        settings.put("models.allowed", "a,b");
        settings.put("models.start", "off"); // the default; see ModelStartTest
        settings.put("mini-batch.size", "13");
        settings.put("mini-batch.max-wait", "14 s");
        settings.put("training.learning-rate", "0.5");
        // The keys of the mixture must have their defaults; see everyKeyOfTheMixture_isRead.
        settings.put("learner.type", "softmax");
        settings.put("training.experts.rates", "auto");
        settings.put("training.experts.shares", "0.0001,0.001,0.01,0.1");
        settings.put("training.experts.baselines", "false");
        settings.put("training.optimizer", "sgd");
        // The keys of another scaling must have their defaults.
        settings.put("scaler.half-life", "10000");
        settings.put("scaler.clip", "auto");
        // The keys of another optimiser must have their defaults.
        settings.put("training.adam.beta1", "0.9");
        settings.put("training.adam.beta2", "0.999");
        settings.put("training.adam.epsilon", "1e-8");
        settings.put("training.momentum", "0.75");
        settings.put("training.dampening", "0"); // the default; Nesterov excludes others
        settings.put("training.nesterov", "true");
        settings.put("training.weight-decay", "0.0625");
        settings.put("training.schedule", "step");
        settings.put("training.schedule.decay", "0.875");
        settings.put("training.schedule.every", "22");
        settings.put("training.loss", "cross-entropy"); // see eachLoss_isRead
        settings.put("training.class-weights", "1, 2.5");
        settings.put("training.pos-weight", "");
        settings.put("training.label-smoothing", "0.1");
        settings.put("training.reduction", "weights");
        settings.put("training.max-skipped-steps", "23");
        settings.put("scaler.type", "none");
        settings.put("models.max", "15");
        settings.put("models.max-bytes", "3 gb");
        settings.put("models.publish-interval", "16 s");
        settings.put("topics.feature-events", "requests");
        settings.put("score.unknown-model", "wait"); // the default; others exclude the next key
        settings.put("score.max-waiting", "24");
        settings.put("predictions.top-k", "2");
        settings.put("predictions.of", "all");
        settings.put("job.kind", "learn"); // see jobThatOnlyPredicts_…
        settings.put("device", "cuda");
        settings.put("device.fallback", "stop");
        settings.put("device.libraries", "/cuda");
        settings.put("device.kernel-cache", "/kernels");
        settings.put("drift.detector", "ddm, adwin, eddm, hddm-a, hddm-w");
        settings.put("drift.signal", "error");
        settings.put("drift.cool-down", "30");
        settings.put("drift.reaction", "boost");
        settings.put("drift.boost.factor", "31");
        settings.put("drift.boost.steps", "32");
        settings.put("drift.evidence", "33");
        settings.put("drift.max-classes", "34");
        settings.put("drift.adwin.delta", "0.01");
        settings.put("drift.ddm.min-instances", "35");
        settings.put("drift.ddm.warning-level", "3.5");
        settings.put("drift.ddm.drift-level", "4");
        settings.put("drift.eddm.min-errors", "36");
        settings.put("drift.eddm.warning-level", "0.75");
        settings.put("drift.eddm.drift-level", "0.5");
        settings.put("drift.hddm-a.drift-confidence", "0.02");
        settings.put("drift.hddm-a.warning-confidence", "0.03");
        settings.put("drift.hddm-w.drift-confidence", "0.04");
        settings.put("drift.hddm-w.warning-confidence", "0.06");
        settings.put("drift.hddm-w.lambda", "0.07");
        settings.put(
                "drift.page-hinkley.min-instances", "37"); // see everyKeyOfTheOtherDetectors_isRead
        settings.put("drift.page-hinkley.delta", "0.08");
        settings.put("drift.page-hinkley.threshold", "38");
        settings.put("drift.page-hinkley.fading-factor", "0.9");
        settings.put("drift.kswin.window-size", "39");
        settings.put("drift.kswin.recent-size", "11");
        settings.put("drift.kswin.alpha", "0.015");
        settings.put("drift.robust-cusum.min-instances", "42");
        settings.put("drift.robust-cusum.slack", "0.32");
        settings.put("drift.robust-cusum.warning-threshold", "16");
        settings.put("drift.robust-cusum.drift-threshold", "43");
        settings.put("drift.robust-cusum.cap", "5");
        settings.put("drift.burst-cusum.min-instances", "44");
        settings.put("drift.burst-cusum.slack", "0.34");
        settings.put("drift.burst-cusum.warning-threshold", "17");
        settings.put("drift.burst-cusum.drift-threshold", "45");
        settings.put("drift.burst-cusum.cap", "6");
        settings.put("drift.cusum.min-instances", "40");
        settings.put("drift.cusum.delta", "0.16");
        settings.put("drift.cusum.threshold", "41");
        settings.put("metrics.window-size", "17");
        settings.put("metrics.fading-factor", "0.5");
        settings.put("metrics.running-loss-mini-batches", "24");
        settings.put("metrics.top-k", "25");
        settings.put("metrics.calibration-bins", "26");
        settings.put("metrics.include", "confusion, fading");
        settings.put("metrics.max-classes", "27");
        settings.put("metrics.max-confusion-cells", "28");
        settings.put("metrics.delivery", "at-least-once");
        settings.put("metrics.max-gauge-models", "29");
        settings.put("metrics.every", "18");
        settings.put("metrics.max-interval", "19 s");
        settings.put("topics.metrics", "t1");
        settings.put("topics.drift-alerts", "t6");
        settings.put("topics.predictions", "t2");
        settings.put("topics.models", "t3");
        settings.put("topics.model-history", "t4");
        settings.put("topics.dead-letters", "t5");
        settings.put("publish.format", "confluent-avro");
        settings.put("models.chunk-size", "20");
        settings.put("job.name", "j");
        settings.put("job.parallelism", "2");
        settings.put("checkpoint.interval", "21 s");
        settings.put("flink.state.backend.type", "rocksdb");
        assertThat(settings.keySet())
                .containsAll(
                        JobConfig.keys().stream()
                                .filter(key -> !KEYS_OF_ANOTHER_FORMAT.contains(key))
                                .map(Key::name)
                                .toList());

        JobConfig config = JobConfig.parse(settings);

        assertThat(config.kafka().client())
                .isEqualTo(Map.of("bootstrap.servers", "b:1", "security.protocol", "SSL"));
        assertThat(config.kafka().labelled()).isEqualTo(TopicSelection.of("t0"));
        assertThat(config.kafka().features()).isEqualTo(TopicSelection.of("requests"));
        assertThat(config.score()).isEqualTo(new ScoreConfig(UnknownModel.WAIT, 24));
        assertThat(config.publish().topK()).isEqualTo(2);
        assertThat(config.ingest().predictions()).isEqualTo(PredictedEvents.ALL);
        assertThat(config.learn().predictions()).isEqualTo(PredictedEvents.ALL);
        assertThat(config.kafka().groupId()).isEqualTo("g");
        assertThat(config.kafka().start()).isEqualTo(KafkaConfig.Start.LATEST);
        assertThat(config.kafka().transactionalIdPrefix()).isEqualTo("p");
        assertThat(config.kafka().transactionTimeout()).isEqualTo(Duration.ofMinutes(3));
        assertThat(config.ingest().numFeatures()).isEqualTo(3);
        assertThat(config.ingest().missingIndicator()).isFalse();
        assertThat(config.ingest().source().format()).isEqualTo(SourceFormat.CONFLUENT_AVRO);
        assertThat(config.ingest().source().registry())
                .isEqualTo(
                        new RegistryConfig(
                                List.of(URI.create("http://r:8081")), "u", "${dir:/s:p}", false));
        assertThat(config.ingest().missing()).isEqualTo(MissingValues.ZERO);
        assertThat(config.ingest().encoding()).isEqualTo(FeatureEncoding.SPARSE);
        assertThat(config.learn().hyperParameters()).containsEntry("features.encoding", "sparse");
        assertThat(IngestConfig.ENCODING.isChangeable() || IngestConfig.HASH_BITS.isChangeable())
                .isFalse();
        assertThat(config.ingest().source().mapping().features())
                .hasToString("age,city:categorical(Oslo|Rome)");
        assertThat(config.ingest().source().mapping().sources())
                .extractingFromEntries(source -> source.getKey() + " " + source.getValue())
                .containsExactlyInAnyOrder(
                        "LABEL outcome",
                        "ID key",
                        "TIMESTAMP at",
                        "MODEL header.tenant",
                        "WEIGHT w[0]");
        assertThat(config.ingest().classes()).containsExactly("no", "yes");
        assertThat(config.ingest().labelType()).isEqualTo(LabelType.CLASS);
        assertThat(config.ingest().ignoreIndex()).isEqualTo(-100);
        assertThat(config.ingest().blockSize()).isEqualTo(11);
        assertThat(config.ingest().blockMaxWait()).isEqualTo(Duration.ofMillis(12));
        assertThat(config.ingest().allowedModels()).containsExactlyInAnyOrder("a", "b");
        assertThat(config.learn().learner())
                .isEqualTo(
                        new LearnerSettings(
                                        3,
                                        2,
                                        13,
                                        new CrossEntropy(
                                                2,
                                                OutputWeights.of(1, 2.5),
                                                Loss.DEFAULT_IGNORE_INDEX,
                                                0.1),
                                        new Sgd(
                                                new LearningRateSchedule(
                                                        LearningRateSchedule.Kind.STEP,
                                                        0.5,
                                                        0.875,
                                                        22),
                                                0.75,
                                                0,
                                                true,
                                                0.0625),
                                        null,
                                        MiniBatchReduction.WEIGHTS,
                                        null,
                                        23,
                                        true)
                                .withLossSpan(17));
        assertThat(config.learn().miniBatchMaxWait()).isEqualTo(Duration.ofSeconds(14));
        assertThat(config.learn().maxModels()).isEqualTo(15);
        assertThat(config.learn().publishInterval()).isEqualTo(Duration.ofSeconds(16));
        assertThat(config.learn().device())
                .isEqualTo(
                        new DeviceConfig(
                                DevicePreference.CUDA, DeviceFallback.STOP, "/cuda", "/kernels"));
        assertThat(config.learn().drift())
                .isEqualTo(
                        new DriftConfig(
                                List.of(
                                        detector("ddm", new Ddm(35, 3.5, 4)),
                                        detector("adwin", new Adwin(0.01, 32, true)),
                                        detector("eddm", new Eddm(36, 0.75, 0.5)),
                                        detector("hddm-a", new HddmA(0.02, 0.03, false)),
                                        detector("hddm-w", new HddmW(0.04, 0.06, 0.07, false))),
                                30,
                                DriftReaction.BOOST,
                                31,
                                32,
                                33,
                                34));
        assertThat(config.monitor())
                .isEqualTo(
                        new MonitorConfig(
                                List.of("no", "yes"),
                                2,
                                17,
                                0.5,
                                24,
                                25,
                                26,
                                Set.of(MetricPart.CONFUSION, MetricPart.FADING),
                                27,
                                28,
                                18,
                                Duration.ofSeconds(19),
                                MetricsDelivery.AT_LEAST_ONCE,
                                29,
                                15));
        assertThat(config.publish().topics()).containsExactly("t1", "t6", "t2", "t3", "t4", "t5");
        assertThat(config.publish().format()).isEqualTo(PublishFormat.CONFLUENT_AVRO);
        assertThat(config.publish().registry()).isEqualTo(config.ingest().source().registry());
        assertThat(config.publish().chunkSize()).isEqualTo(20);
        assertThat(config.jobName()).isEqualTo("j");
        assertThat(config.parallelism()).isEqualTo(2);
        assertThat(config.checkpointInterval()).isEqualTo(Duration.ofSeconds(21));
        assertThat(config.flink()).isEqualTo(Map.of("state.backend.type", "rocksdb"));
    }

    private static DriftConfig.Detector detector(String name, DriftDetector detector) {
        return new DriftConfig.Detector(name, Signal.ERROR, new CoolDown(detector, 30));
    }

    @Test
    void everyKeyOfTheOtherDetectors_isRead() {
        List<DriftConfig.Detector> detectors =
                JobConfig.parse(
                                given(
                                        "drift.detector",
                                                "page-hinkley, kswin, cusum, robust-cusum,"
                                                        + " burst-cusum",
                                        "drift.robust-cusum.min-instances", "42",
                                        "drift.robust-cusum.slack", "0.32",
                                        "drift.robust-cusum.warning-threshold", "16",
                                        "drift.robust-cusum.drift-threshold", "43",
                                        "drift.robust-cusum.cap", "5",
                                        "drift.burst-cusum.min-instances", "44",
                                        "drift.burst-cusum.slack", "0.34",
                                        "drift.burst-cusum.warning-threshold", "17",
                                        "drift.burst-cusum.drift-threshold", "45",
                                        "drift.burst-cusum.cap", "6",
                                        "drift.page-hinkley.min-instances", "37",
                                        "drift.page-hinkley.delta", "0.08",
                                        "drift.page-hinkley.threshold", "38",
                                        "drift.page-hinkley.fading-factor", "0.9",
                                        "drift.kswin.window-size", "39",
                                        "drift.kswin.recent-size", "11",
                                        "drift.kswin.alpha", "0.015",
                                        "drift.cusum.min-instances", "40",
                                        "drift.cusum.delta", "0.16",
                                        "drift.cusum.threshold", "41"))
                        .learn()
                        .drift()
                        .detectors();

        assertThat(detectors)
                .extracting(DriftConfig.Detector::detector)
                .containsExactly(
                        new CoolDown(new PageHinkley(37, 0.08, 38, 0.9), 1000),
                        new CoolDown(new Kswin(39, 11, 0.015, true), 1000),
                        new CoolDown(new Cusum(40, 0.16, 41), 1000),
                        new CoolDown(new RobustCusum(42, 0.32, 16, 43, 5, 0.05), 1000),
                        new CoolDown(new RobustCusum(44, 0.34, 17, 45, 6, 0.05), 1000));
        assertThat(detectors)
                .extracting(DriftConfig.Detector::signal)
                .containsExactly(
                        Signal.MISSED_PROBABILITY,
                        Signal.LOSS,
                        Signal.MISSED_PROBABILITY,
                        Signal.ERROR,
                        Signal.LOSS);
    }

    @Test
    void signalsOutsideADetectorsDomain_andContradictoryParameters_areRefused() {
        assertThat(
                        problems(
                                "drift.detector", "ddm, hddm-a, hddm-w, adwin",
                                "drift.signal", "loss"))
                .containsExactly(
                        "drift.signal = loss with drift.detector = ddm: the detector requires"
                                + " values that are 0 or 1,"
                                + " so it accepts error",
                        "drift.signal = loss with drift.detector = hddm-a: the detector requires"
                                + " values that are from"
                                + " 0 to 1, so it accepts error and missed-probability",
                        "drift.signal = loss with drift.detector = hddm-w: the detector requires"
                                + " values that are from"
                                + " 0 to 1, so it accepts error and missed-probability");
        assertThat(problems("drift.detector", "ddm", "drift.ddm.warning-level", "4"))
                .singleElement()
                .asString()
                .startsWith("drift.ddm: a warning must come before a drift");
        assertThat(problems("drift.detector", "adwin, madwin"))
                .singleElement()
                .asString()
                .contains("drift.detector = adwin, madwin");
    }

    @Test
    void reactionsThatCannotTakeEffect_areRefused() {
        assertThat(problems("drift.reaction", "boost"))
                .containsExactly(
                        "drift.reaction = boost needs a fixed training.learning-rate, not auto");
        assertThat(problems("drift.reaction", "reset-optimizer"))
                .containsExactly(
                        "drift.reaction = reset-optimizer has no optimiser state to reset:"
                                + " training.learning-rate = auto uses plain SGD");
        assertThat(
                        problems(
                                "drift.reaction", "reset-optimizer",
                                "training.learning-rate", "0.1"))
                .containsExactly(
                        "drift.reaction = reset-optimizer has no optimiser state to reset:"
                                + " training.momentum = 0");
        assertThat(problems("drift.reaction", "roll-back", "drift.detector", ""))
                .containsExactly(
                        "drift.reaction = roll-back needs a drift detector, but drift.detector is"
                                + " empty");
        assertThat(problems("drift.reaction", "hand-over", "drift.detector", "adwin, ddm"))
                .containsExactly(
                        "drift.reaction = hand-over needs detectors with a warning zone: adwin has"
                                + " none; robust-cusum, burst-cusum, ddm, eddm, hddm-a and hddm-w"
                                + " have one");
        assertThat(problems("drift.reaction", "hand-over", "drift.detector", "hddm-a, ddm"))
                .isEmpty();
    }

    @Test
    void blocksByCount_doNotWait_andForbidMiniBatchesThatEndAfterATime() {
        JobConfig config = JobConfig.parse(given("block.max-wait", "off"));
        assertThat(config.ingest().blockMaxWait()).isNull();
        assertThat(config.learn().blocksByCount()).isTrue();
        assertThat(JobConfig.parse(given()).learn().blocksByCount()).isFalse();

        assertThat(problems("block.max-wait", "off", "mini-batch.max-wait", "5 s"))
                .containsExactly(
                        "mini-batch.max-wait = 5 s with block.max-wait = off: the first ends"
                                + " mini-batches after a time, the second forms blocks by count"
                                + " alone; set mini-batch.max-wait to off, or block.max-wait to a"
                                + " time such as 200 ms");
        assertThat(problems("block.max-wait", "of", "mini-batch.max-wait", "5 s"))
                .singleElement(STRING)
                .startsWith("block.max-wait = of: must be ");
    }

    @Test
    void provenance_namesTheDetectors_onlyWithAReaction() {
        assertThat(JobConfig.parse(given()).learn().hyperParameters())
                .doesNotContainKey("drift.detector");
        assertThat(
                        JobConfig.parse(
                                        given(
                                                "drift.detector", "ddm, hddm-w",
                                                "drift.ddm.drift-level", "4",
                                                "drift.reaction", "hand-over"))
                                .learn()
                                .hyperParameters())
                .containsEntry("drift.detector", "ddm,hddm-w")
                .containsEntry("drift.signal", "error,missed-probability")
                .containsEntry("drift.ddm.drift-level", "4")
                .containsEntry("drift.hddm-w.lambda", "0.005")
                .containsEntry("drift.cool-down", "1000")
                .containsEntry("drift.reaction", "hand-over")
                .doesNotContainKeys("drift.kswin.alpha", "drift.boost.factor");
    }

    @Test
    void modelThatCouldBeTooLarge_isRefused() {
        assertThatThrownBy(
                        () ->
                                learner(
                                        "num-features", "1000000",
                                        "models.max-bytes", "100 mb",
                                        "models.chunk-size", "1000"))
                .hasMessageContaining("a model can take up to ")
                .hasMessageContaining(" MiB, more than the 100 MiB of models.max-bytes");
    }

    @Test
    void miniBatchOfAnEnsembleThatCouldBeTooLarge_isRefused() {
        String classes = IntStream.range(0, 1000).mapToObj(Integer::toString).collect(joining(","));
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.put("classes", classes);
        assertThat(problems(settings)).isEmpty();
        settings.put("mini-batch.size", "10000");

        // 10,000 rows × 1,000 classes × (3 × 8 experts + 3) doubles, and the ensemble.
        assertThat(problems(settings))
                .singleElement(STRING)
                .containsPattern("a model can take up to 2[0-9]{3} MiB, more than the 1024 MiB of");
    }

    private static JobConfig openClasses(String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "b:1");
        values.put("num-features", "2");
        values.put("classes", "open");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        return JobConfig.parse(values);
    }

    @Test
    void openClasses_areRead() {
        JobConfig config = openClasses("classes.capacity", "7");

        assertThat(config.ingest().classesAreOpen()).isTrue();
        assertThat(config.ingest().classes()).isEmpty();
        assertThat(config.ingest().numClasses()).isEqualTo(7);
        assertThat(config.learn().classesAreOpen()).isTrue();
        assertThat(config.learn().learner().numClasses()).isEqualTo(7);
        assertThat(config.monitor().numClasses()).isEqualTo(7);
        assertThat(openClasses("training.loss", "nll").ingest().numClasses()).isEqualTo(100);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "label.type | multi-label | open classes need labels of one class",
                "training.loss | bce | open classes need a softmax loss",
                "training.class-weights | 1,2 | open classes have no weights but balanced ones",
                "classes | a,b | classes.capacity = 7: the key is for classes = open only",
                "classes.capacity | 1 | classes.capacity = 1: must be a whole number of classes, 2"
                        + " to",
                "classes.capacity | 9000 | classes.capacity = 9000 and models.chunk-size"
            })
    void settingThatOpenClassesExclude_isRefusedByName(String key, String value, String problem) {
        assertThatThrownBy(
                        () ->
                                openClasses(
                                        "classes.capacity",
                                        key.equals("classes.capacity") ? value : "7",
                                        "training.learning-rate",
                                        "0.1",
                                        key,
                                        value))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(key + " = ")
                .hasMessageContaining(problem);
    }

    /** Checks the keys that cannot be combined with those of {@link #everyKey_isRead}. */
    @Test
    void everyKeyOfTheMixture_isRead() {
        assertThat(
                        learner(
                                        "training.experts.rates", "0.25,4",
                                        "training.experts.shares", "0.125,0",
                                        "training.experts.baselines", "true")
                                .mixture())
                .isEqualTo(new Mixture(List.of(0.25, 4.0), List.of(0.125, 0.0), true));
    }

    @Test
    void fixedLearningRate_isConfiguredAsInPyTorch() {
        LearnerSettings learner =
                learner(
                        "training.learning-rate", "0.01",
                        "training.momentum", "0.9",
                        "mini-batch.size", "32");

        assertThat(learner.mixture()).isNull();
        assertThat(learner.learningRates()).containsExactly(0.01);
        assertThat(learner.optimizer().learningRate().kind())
                .isEqualTo(LearningRateSchedule.Kind.CONSTANT);
        assertThat(((Sgd) learner.optimizer()).momentum()).isEqualTo(0.9);
        assertThat(learner.miniBatchSize()).isEqualTo(32);
    }

    @Test
    void dampeningAndEachSchedule_areRead() {
        LearningRateSchedule.Kind[] kinds = LearningRateSchedule.Kind.values();
        String[] names = {"constant", "step", "exponential", "inverse-time"};
        assertThat(names).hasSameSizeAs(kinds);
        for (int i = 0; i < kinds.length; i++) {
            assertThat(
                            learner(
                                            "training.learning-rate", "0.5",
                                            "training.momentum", "0.5",
                                            "training.dampening", "0.25",
                                            "training.schedule", names[i],
                                            "training.schedule.decay", "0.125")
                                    .optimizer())
                    .isEqualTo(
                            new Sgd(
                                    new LearningRateSchedule(kinds[i], 0.5, 0.125, 1000),
                                    0.5,
                                    0.25,
                                    false,
                                    0));
        }
    }

    @Test
    void eachLoss_isRead() {
        assertThat(
                        learner(
                                        "classes", "3",
                                        "training.loss", "nll",
                                        "training.class-weights", "1,2,3")
                                .loss())
                .isEqualTo(
                        new NegativeLogLikelihood(
                                3, OutputWeights.of(1, 2, 3), Loss.DEFAULT_IGNORE_INDEX));
        assertThat(
                        learner(
                                        "classes", "3",
                                        "label.type", "multi-label",
                                        "training.learning-rate", "0.1",
                                        "training.loss", "bce-with-logits",
                                        "training.class-weights", "1,2,3",
                                        "training.pos-weight", "4,5,6")
                                .loss())
                .isEqualTo(
                        new BinaryCrossEntropyWithLogits(
                                3, OutputWeights.of(1, 2, 3), OutputWeights.of(4, 5, 6)));
        assertThat(
                        learner(
                                        "classes", "3",
                                        "label.type", "multi-label",
                                        "training.learning-rate", "0.1",
                                        "training.loss", "bce")
                                .loss())
                .isEqualTo(new BinaryCrossEntropy(3, OutputWeights.NONE));
    }

    @Test
    void binaryLossOfTwoClasses_hasOneOutput() {
        LearnerSettings learner =
                learner(
                        "classes", "no,yes",
                        "training.learning-rate", "0.1",
                        "training.loss", "bce-with-logits",
                        "training.pos-weight", "4");

        assertThat(learner.loss())
                .isEqualTo(
                        new BinaryCrossEntropyWithLogits(
                                1, OutputWeights.NONE, OutputWeights.of(4)));
        assertThat(learner.numParameters()).isEqualTo(54 + 1);
    }

    private static Map<String, String> given(String... keysAndValues) {
        Map<String, String> settings = new HashMap<>(LINEAR);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            settings.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return settings;
    }

    private static LearnerSettings learner(String... keysAndValues) {
        return JobConfig.parse(given(keysAndValues)).learn().learner();
    }

    private static List<String> problems(String... keysAndValues) {
        return problems(given(keysAndValues));
    }

    private static List<String> problems(Map<String, String> settings) {
        try {
            JobConfig.parse(settings);
            return List.of();
        } catch (ConfigurationException e) {
            return e.problems();
        }
    }

    @Test
    void unknownMetrics_andInvalidValues_areRefused() {
        assertThat(
                        problems(
                                "metrics.include", "fading, recall",
                                "metrics.calibration-bins", "0",
                                "metrics.fading-factor", "1",
                                "metrics.window-size", "1000000000"))
                .satisfiesExactlyInAnyOrder(
                        problem ->
                                assertThat(problem)
                                        .contains("metrics.include = fading, recall")
                                        .contains("any of fading, classes, confusion, calibration"),
                        problem -> assertThat(problem).contains("metrics.calibration-bins = 0"),
                        problem -> assertThat(problem).contains("metrics.fading-factor = 1"),
                        problem ->
                                assertThat(problem).contains("metrics.window-size = 1000000000"));
    }

    @Test
    void metricsLargerThanARecord_areRefused() {
        String classes =
                IntStream.range(0, 2000).mapToObj(k -> "x".repeat(100) + k).collect(joining(","));
        Map<String, String> settings =
                given("classes", classes, "models.chunk-size", "1000", "num-features", "2");
        assertThat(problems(settings)).isEmpty();
        settings.put("metrics.max-classes", "2000");
        assertThat(problems(settings))
                .singleElement()
                .asString()
                .contains("metrics.max-classes = 2000");
        settings.put("metrics.max-classes", "800");
        assertThat(problems(settings)).isEmpty();
        settings.put("publish.format", "json");
        assertThat(problems(settings))
                .last()
                .asString()
                .contains("metrics.max-classes = 800", "(publish.format = json)");
    }

    @Test
    void labelTypesThatALossDoesNotAccept_areRefused() {
        assertThat(problems("label.type", "probabilities", "label.ignore-index", "-100"))
                .containsExactly(
                        "label.ignore-index = -100 with label.type = probabilities: can only be"
                                + " set if label.type is class");
        assertThat(problems("training.loss", "bce", "training.learning-rate", "1", "classes", "3"))
                .containsExactly(
                        "training.loss = bce with label.type = class needs two classes, but there"
                                + " are 3");
        assertThat(
                        problems(
                                "training.loss", "bce-with-logits",
                                "training.learning-rate", "1",
                                "label.type", "probabilities"))
                .containsExactly(
                        "training.loss = bce-with-logits with label.type = probabilities: the loss"
                                + " accepts multi-label or class with two classes; probabilities is"
                                + " accepted by cross-entropy");
        assertThat(problems("label.type", "multi-label"))
                .containsExactly(
                        "training.loss = cross-entropy with label.type = multi-label: the loss"
                                + " accepts class or probabilities; multi-label is accepted by"
                                + " bce-with-logits and bce");
        assertThat(problems("training.loss", "nll", "label.type", "probabilities"))
                .containsExactly(
                        "training.loss = nll with label.type = probabilities: the loss accepts"
                                + " class; probabilities is accepted by cross-entropy");
        assertThat(
                        problems(
                                "training.loss", "bce",
                                "training.learning-rate", "1",
                                "classes", "2",
                                "label.ignore-index", "-100"))
                .containsExactly(
                        "training.loss = bce with label.ignore-index = -100: the loss does not"
                                + " support an index to ignore");
    }

    @Test
    void optionsOfAnotherLoss_areRefused() {
        assertThat(problems("training.loss", "nll", "training.label-smoothing", "0.1"))
                .containsExactly(
                        "training.label-smoothing = 0.1 with training.loss = nll: the key is for"
                                + " cross-entropy only");
        assertThat(problems("training.pos-weight", "1,2,3,4,5,6,7"))
                .containsExactly(
                        "training.pos-weight = 1,2,3,4,5,6,7 with training.loss = cross-entropy:"
                                + " the key is for bce-with-logits only");
    }

    @Test
    void topicOfBothKindsOfEvents_isRefused() {
        assertThat(problems("topics.labelled-events", "a,b", "topics.feature-events", "c,b"))
                .containsExactly(
                        "topics.feature-events = c,b with topics.labelled-events = a,b: b can be"
                                + " one of them only");
        assertThat(problems("topics.feature-events", "predictions"))
                .singleElement()
                .asString()
                .contains("the job would read its own output");
    }

    @Test
    void jobThatOnlyPredicts_readsTheFeatureEventsOnly() {
        JobConfig config =
                JobConfig.parse(given("job.kind", "score", "topics.feature-events", "requests"));
        assertThat(config.kind()).isEqualTo(JobKind.SCORE);
        assertThat(config.kafka().input()).isEqualTo(TopicSelection.of("requests"));
        assertThat(problems("job.kind", "score"))
                .containsExactly(
                        "job.kind = score with topics.feature-events = off: there are no events to"
                                + " predict");
    }

    @Test
    void keysOfPredictions_thatContradict_areRefused() {
        assertThat(problems("score.unknown-model", "uniform", "score.max-waiting", "5"))
                .containsExactly(
                        "score.max-waiting = 5 with score.unknown-model = uniform: no event waits");
        assertThatThrownBy(() -> openClasses("score.unknown-model", "uniform"))
                .hasMessageContaining("a model that has not been published has no classes");
    }

    @Test
    void balancedClassWeights_areRead_whereLabelsAreOneClass() {
        assertThat(
                        learner("classes", "3", "training.class-weights", "balanced")
                                .loss()
                                .balancesClasses())
                .isTrue();
        assertThat(openClasses("training.class-weights", "balanced").learn().learner().loss())
                .matches(Loss::balancesClasses);
        assertThat(
                        problems(
                                "label.type", "probabilities",
                                "training.class-weights", "balanced"))
                .containsExactly(
                        "training.class-weights = balanced with label.type = probabilities: only"
                                + " labels of type class can be balanced");
        assertThat(problems("training.class-weights", "balanced,1"))
                .singleElement()
                .asString()
                .startsWith(
                        "training.class-weights = balanced,1: must be balanced, or comma-separated"
                                + " numbers");
    }

    @Test
    void weightsOfAnotherNumberOfClasses_areRefused() {
        assertThat(problems("training.class-weights", "1,2"))
                .containsExactly(
                        "training.class-weights = 1,2: must have 7 values, one per output of the"
                                + " model");
        assertThat(
                        problems(
                                "classes", "2",
                                "training.learning-rate", "1",
                                "training.loss", "bce-with-logits",
                                "training.pos-weight", "1,2"))
                .containsExactly(
                        "training.pos-weight = 1,2: must have 1 value, one per output of the"
                                + " model");
    }

    @Test
    void optionsOfMomentum_areRefused_withoutIt() {
        assertThat(problems("training.learning-rate", "0.1", "training.dampening", "0.5"))
                .containsExactly(
                        "training.dampening = 0.5 needs training.momentum above 0, and no"
                                + " training.nesterov");
        assertThat(problems("training.learning-rate", "0.1", "training.nesterov", "true"))
                .containsExactly("training.nesterov = true needs training.momentum above 0");
        assertThat(
                        problems(
                                "training.learning-rate", "0.1",
                                "training.momentum", "0.9",
                                "training.nesterov", "true",
                                "training.dampening", "0.5"))
                .containsExactly(
                        "training.dampening = 0.5 needs training.momentum above 0, and no"
                                + " training.nesterov");
    }

    @Test
    void scheduleThatIncreasesTheLearningRate_isRefused() {
        for (String schedule : List.of("step", "exponential")) {
            assertThat(
                            problems(
                                    "training.learning-rate", "0.1",
                                    "training.schedule", schedule,
                                    "training.schedule.decay", "1.5"))
                    .containsExactly(
                            "training.schedule.decay = 1.5 with training.schedule = "
                                    + schedule
                                    + ": must be at most 1, as the learning rate would rise");
        }
        assertThat(
                        problems(
                                "training.learning-rate", "0.1",
                                "training.schedule", "inverse-time",
                                "training.schedule.decay", "1.5"))
                .isEmpty();
    }

    @Test
    void optionsThatAMixtureDoesNotSupport_areRefused() {
        String reason =
                " with training.learning-rate = auto: the experts of the mixture use plain SGD and"
                        + " a softmax loss; set a learning rate";
        assertThat(problems("training.momentum", "0.9"))
                .containsExactly("training.momentum = 0.9" + reason);
        assertThat(problems("training.weight-decay", "0.5"))
                .containsExactly("training.weight-decay = 0.5" + reason);
        assertThat(problems("training.schedule", "inverse-time"))
                .containsExactly("training.schedule = inverse-time" + reason);
        assertThat(problems("training.loss", "bce", "label.type", "multi-label"))
                .containsExactly("training.loss = bce" + reason);
        assertThat(problems("training.momentum", "0.9", "training.dampening", "0.5"))
                .containsExactly(
                        "training.momentum = 0.9" + reason, "training.dampening = 0.5" + reason);
        assertThat(problems("training.momentum", "0.9", "training.nesterov", "true"))
                .containsExactly(
                        "training.momentum = 0.9" + reason, "training.nesterov = true" + reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "training.learning-rate | 0.1 | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax for it",
                "training.experts.rates | 0.1,1 | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax for it",
                "training.momentum | 0.9 | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax and a training.learning-rate for it",
                "training.optimizer | adam | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax and a training.learning-rate for it",
                "training.schedule | step | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax and a training.learning-rate for it",
                "training.loss | bce | it needs a softmax loss, whose classes exclude each other;"
                        + " set learner.type = softmax and a training.learning-rate for it",
                "scaler.type | none | it needs standardised features; set learner.type = softmax"
                        + " for it",
                "drift.reaction | boost | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax and a training.learning-rate for it",
                "drift.reaction | reset-optimizer | its learning rates and steps cannot be set; set"
                        + " learner.type = softmax and a training.learning-rate for it"
            })
    void settingThatAnEnsembleDoesNotSupport_isRefused_andTheOtherLearnerNamed(
            String key, String value, String problem) {
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.put("classes", "2");
        settings.put(key, value);
        String setting = key + " = " + value + " with learner.type = ensemble";

        assertThat(problems(settings)).containsExactly(setting + ", the default: " + problem);
        settings.put("learner.type", "ensemble");
        assertThat(problems(settings)).containsExactly(setting + ": " + problem);
        settings.put("learner.type", "softmax");
        settings.put("training.learning-rate", "0.1");
        settings.put("training.momentum", "0.9");
        settings.putIfAbsent("training.optimizer", "sgd");
        settings.put(key, value);
        if (value.equals("adam")) {
            settings.remove("training.momentum");
        }
        if (key.equals("training.experts.rates")) {
            settings.remove("training.learning-rate");
            settings.remove("training.momentum");
        }
        assertThat(problems(settings)).as("what the problem tells to set").isEmpty();
    }

    @Test
    void settingsThatAnEnsembleDoesNotSupport_areOneProblemForEachReason() {
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.put("training.learning-rate", "0.1");
        settings.put("training.momentum", "0.9");
        settings.put("training.nesterov", "true");
        settings.put("training.loss", "bce-with-logits");
        settings.put("label.type", "multi-label");
        settings.put("scaler.type", "none");
        settings.put("drift.reaction", "boost");
        String ensemble = " with learner.type = ensemble, the default: ";
        String remedy = "; set learner.type = softmax for ";

        assertThat(problems(settings))
                .containsExactly(
                        "training.learning-rate = 0.1, training.momentum = 0.9,"
                                + " training.nesterov = true"
                                + ensemble
                                + "its learning rates and steps cannot be set"
                                + remedy
                                + "them",
                        "training.loss = bce-with-logits, label.type = multi-label"
                                + ensemble
                                + "it needs a softmax loss, whose classes exclude each other"
                                + remedy
                                + "them",
                        "scaler.type = none"
                                + ensemble
                                + "it needs standardised features"
                                + remedy
                                + "it");
        settings.put("learner.type", "softmax");
        assertThat(problems(settings)).isEmpty();
    }

    @Test
    void labelsOfManyClasses_needALinearLearner_andALossOfTheirOwn() {
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.put("label.type", "multi-label");

        assertThat(problems(settings))
                .containsExactly(
                        "training.loss = cross-entropy with label.type = multi-label: the loss"
                                + " accepts class or probabilities; multi-label is accepted by"
                                + " bce-with-logits and bce",
                        "label.type = multi-label with learner.type = ensemble, the default: it"
                                + " needs a softmax loss, whose classes exclude each other; set"
                                + " learner.type = softmax and a training.learning-rate for it");
    }

    @Test
    void ensembleOfSparseFeatures_hasLinearAndLabelExperts() {
        assertThat(
                        JobConfig.parse(
                                        given(
                                                "learner.type", "ensemble",
                                                "features.encoding", "sparse",
                                                "scaler.type", "none"))
                                .learn()
                                .learner()
                                .numExperts())
                .isEqualTo(4);
        assertThat(
                        JobConfig.parse(
                                        given(
                                                "learner.type", "ensemble",
                                                "features.encoding", "sparse",
                                                "training.experts.baselines", "true"))
                                .learn()
                                .learner()
                                .numExperts())
                .isEqualTo(7);
    }

    @Test
    void ensemble_hasFixedRates_andItsOwnHyperParameters() {
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.put("training.experts.baselines", "true");
        JobConfig config = JobConfig.parse(settings);

        assertThat(config.learn().learner().learningRates()).containsExactly(0.001, 0.01, 0.1, 1.0);
        assertThat(config.learn().learner().numExperts()).isEqualTo(11);
        assertThat(config.learn().hyperParameters())
                .containsEntry("learner.type", "ensemble")
                .containsEntry("training.learning-rate", "auto")
                .containsEntry("training.experts.rates", "0.001,0.01,0.1,1")
                .containsEntry("training.experts.baselines", "true");
        assertThat(JobConfig.parse(LINEAR).learn().hyperParameters())
                .containsEntry("learner.type", "softmax");
    }

    @ParameterizedTest
    @CsvSource({
        "100, '0.001,0.003,0.01,0.03,0.1,0.3,1'",
        "101, '0,0.0001,0.001,0.003,0.01,0.03,0.1,0.3,1'"
    })
    void rates_dependOnTheNumberOfFeatures(String numFeatures, String rates) {
        assertThat(
                        JobConfig.parse(given("features", "", "num-features", numFeatures))
                                .learn()
                                .hyperParameters())
                .containsEntry("training.experts.rates", rates);
    }

    /** Files that list all keys of an earlier version have them. */
    @Test
    void formerDefaults_countAsDefaults() {
        String rates = "0.001,0.003,0.01,0.03,0.1,0.3,1";
        assertThat(
                        problems(
                                "training.learning-rate",
                                "0.1",
                                "training.experts.rates",
                                rates,
                                "scaler.type",
                                "none",
                                "scaler.clip",
                                "10.0"))
                .isEmpty();
        Map<String, Key<?>> keys =
                JobConfig.keys().stream().collect(Collectors.toMap(Key::name, key -> key));
        assertThat(keys.get("training.experts.rates").isSameValue(rates, "auto")).isTrue();
        assertThat(keys.get("training.experts.rates").isSameValue(rates, "0.001,1")).isFalse();
        assertThat(keys.get("scaler.clip").isSameValue("auto", "10.0")).isTrue();
        assertThat(keys.get("scaler.clip").isSameValue("auto", "100")).isFalse();
    }

    @Test
    void invalidRatesAndShares_areRefused() {
        for (String key : List.of("training.experts.rates", "training.experts.shares")) {
            for (String values : List.of("0.1,0.5,0.1", "")) {
                assertThat(problems(key, values))
                        .containsExactly(
                                key
                                        + " = "
                                        + values
                                        + ": must have at least one value and no duplicates");
            }
        }
        assertThat(problems("training.experts.rates", "0"))
                .containsExactly("training.experts.rates = 0: must have a rate greater than 0");
        assertThat(problems("training.experts.rates", "0.1,-1"))
                .containsExactly(
                        "training.experts.rates = 0.1,-1: must be auto, or comma-separated"
                                + " numbers, each a number, at least 0.0, at most"
                                + " 3.4028234663852886E38");
        assertThat(problems("training.experts.shares", "0.1,1"))
                .containsExactly(
                        "training.experts.shares = 0.1,1: must be comma-separated numbers,"
                                + " each a number, at least 0.0 and below 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"training.experts.rates | 0.1,0.5", "training.experts.shares | 0.01"})
    void keyOfTheMixture_isRefused_ifTheLearningRateIsFixed(String key, String value) {
        assertThat(problems("training.learning-rate", "0.1", key, value))
                .containsExactly(
                        key + " = " + value + " has no effect with training.learning-rate = 0.1");
    }

    @Test
    void baselinesWithoutAMixture_areRefused() {
        assertThat(problems("training.learning-rate", "0.1", "training.experts.baselines", "true"))
                .containsExactly(
                        "training.experts.baselines = true needs training.learning-rate = auto:"
                                + " the baselines are part of the mixture");
    }

    @Test
    void allContradictions_areReportedTogether() {
        assertThat(
                        problems(
                                "label.type", "probabilities",
                                "label.ignore-index", "3",
                                "training.loss", "nll",
                                "training.label-smoothing", "0.1",
                                "training.class-weights", "1,2",
                                "training.pos-weight", "1,2,3,4,5,6,7",
                                "training.nesterov", "true",
                                "training.schedule", "step",
                                "training.schedule.decay", "2",
                                "training.weight-decay", "1",
                                "training.experts.rates", "1,1",
                                "training.experts.shares", ""))
                .extracting(problem -> problem.substring(0, problem.indexOf(" ")))
                .containsExactly(
                        "label.ignore-index",
                        "training.loss",
                        "training.pos-weight",
                        "training.label-smoothing",
                        "training.class-weights",
                        "training.schedule.decay",
                        "training.nesterov",
                        "training.nesterov",
                        "training.weight-decay",
                        "training.schedule",
                        "training.experts.rates",
                        "training.experts.shares");
    }

    @Test
    void contradictoryMapping_isRefused() {
        assertThat(problems("features", "a,b", "label", "y"))
                .containsExactly(
                        "features = a,b has no effect with source.format = freshet",
                        "label = y has no effect with source.format = freshet");
        assertThat(problems("source.format", "json", "num-features", "auto"))
                .containsExactly(
                        "features is missing: comma-separated fields, each with a kind if it is not"
                                + " numeric, such as age,city:categorical(Oslo|Rome),"
                                + "member:boolean,since:time,pixels[0:784]; or *, which may be"
                                + " followed by fields",
                        "label is missing: a field's path, such as user.age, readings[0] or"
                                + " [\"a.b\"]; or key, or header.NAME");
        assertThat(problems("source.format", "json", "features", "a,b", "label", "y"))
                .containsExactly(
                        "num-features = 54: features has 2 columns; leave num-features out");
        assertThat(
                        problems(
                                "source.format", "json",
                                "num-features", "auto",
                                "features", "a:color",
                                "label", "y."))
                .hasSize(2)
                .anyMatch(problem -> problem.contains("\"color\" is not a kind"))
                .anyMatch(problem -> problem.contains("a field's name is expected"));
        assertThat(
                        problems(
                                "source.format", "json",
                                "num-features", "auto",
                                "features", "a,row[0:3],o.p",
                                "label", "row[1]",
                                "id", "o"))
                .containsExactly(
                        "label (row[1]) and features (row[0:3]): the label cannot be a feature",
                        "id (o) and features (o.p): o cannot be both a value and an object");
    }

    @Test
    void avroSchemas_areCheckedAtStart(@TempDir Path directory) throws IOException {
        Path record =
                Files.writeString(
                        directory.resolve("a.avsc"),
                        "{\"type\":\"record\",\"name\":\"A\",\"fields\":[]}");
        Path text = Files.writeString(directory.resolve("b.avsc"), "\"string\"");
        Path broken = Files.writeString(directory.resolve("c.avsc"), "{");
        Path missing = directory.resolve("d.avsc");
        Map<String, String> settings = with("source.format", "avro");
        settings.put("num-features", "auto");
        settings.put("features", "a,b");
        settings.put("label", "y");
        assertThat(problems(settings))
                .containsExactly(
                        "source.avro-schemas is missing: source.format = avro needs a schema");
        settings.put("source.avro-schemas", record + "," + text + "," + broken + "," + missing);
        assertThat(problems(settings))
                .hasSize(3)
                .anyMatch(problem -> problem.contains(text + " is the schema of no record"))
                .anyMatch(problem -> problem.contains(broken + " is no Avro schema"))
                .anyMatch(problem -> problem.contains(missing + " cannot be read"));
        settings.put("source.avro-schemas", record + "," + record);
        settings.put("source.avro-encoding", "bare");
        assertThat(problems(settings))
                .singleElement()
                .asString()
                .endsWith("does not say which of several schemas a message has");
    }

    @Test
    void registry_isRequiredByItsFormatAndRefusedByOthers() {
        Map<String, String> settings = with("source.format", "confluent-avro");
        settings.put("num-features", "auto");
        settings.put("features", "a,b");
        settings.put("label", "y");
        assertThat(problems(settings))
                .containsExactly(
                        "schema.registry.url is missing: source.format = confluent-avro needs a"
                                + " registry");
        assertThat(problems("schema.registry.url", "http://r:8081"))
                .containsExactly(
                        "schema.registry.url = http://r:8081 has no effect with source.format ="
                                + " freshet and publish.format = avro");
        settings.put("schema.registry.url", "http://r:8081/?a");
        settings.put("publish.format", "confluent-avro");
        assertThat(problems(settings))
                .as("told once, although both formats use it")
                .containsExactly(
                        "schema.registry.url: an address must have neither query nor fragment");
        settings.put("schema.registry.url", "http://r:8081");
        settings.put("schema.registry.auto-register", "false");
        assertThat(problems(settings)).isEmpty();
        settings.put("publish.format", "json");
        assertThat(problems(settings))
                .containsExactly(
                        "schema.registry.auto-register = false has no effect with publish.format ="
                                + " json");
        assertThat(problems("publish.format", "confluent-avro"))
                .containsExactly(
                        "schema.registry.url is missing: publish.format = confluent-avro needs a"
                                + " registry");
    }

    @Test
    void outputThatIsInput_isRefused_alsoByAPattern() {
        assertThat(problems("topics.labelled-events", "a,metrics"))
                .containsExactly(
                        "topics.labelled-events = a,metrics: the job would read its own output");
        assertThat(problems("topics.labelled-events", "/m.*s/"))
                .containsExactly(
                        "topics.labelled-events = /m.*s/: the job would read its own output,"
                                + " since the pattern matches metrics and models");
        assertThat(problems("topics.labelled-events", "/events-.*/")).isEmpty();
    }

    @Test
    void nameOfASingleTopic_isNotThatOfSeveral() {
        KafkaConfig several = JobConfig.parse(given("topics.labelled-events", "a,b")).kafka();

        assertThatThrownBy(several::labelledEvents)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("topics.labelled-events = a,b: this needs the name of a single topic");
    }

    @Test
    void classesThatDifferOnlyInCase_areAWarning() {
        List<String> warnings = new ArrayList<>();

        JobConfig.parse(with("classes", "True,TRUE,False,1,1.0,\"a b\",ab"), warnings::add);

        assertThat(warnings)
                .containsExactly(
                        "the classes True,TRUE differ only in case, in spaces or as 1 and 1.0: is"
                                + " one class meant?",
                        "the classes 1,1.0 differ only in case, in spaces or as 1 and 1.0: is one"
                                + " class meant?",
                        "the classes a b,ab differ only in case, in spaces or as 1 and 1.0: is one"
                                + " class meant?");
    }

    @Test
    void modelLargerThanAnArray_isRefused_namingItsSizes() {
        assertThat(problems("num-features", "1000000", "classes", "1000"))
                .anyMatch(
                        problem ->
                                problem.startsWith(
                                        "num-features = 1000000, 1000 classes, mini-batch.size = 1:"
                                                + " learning rates"));
    }

    @Test
    void allProblems_areReportedTogether() {
        assertThatThrownBy(
                        () ->
                                JobConfig.parse(
                                        Map.of(
                                                "num-features", "many",
                                                "classes", "1",
                                                "mini-batch.sizes", "4",
                                                "training.momentum", "1.5",
                                                "block.max-wait", "soon",
                                                "scaler.type", "minmax",
                                                "topics.metrics", "labelled-events")))
                .isInstanceOf(ConfigurationException.class)
                .extracting(e -> ((ConfigurationException) e).problems())
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .containsExactlyInAnyOrder(
                        "unknown key mini-batch.sizes; the nearest known one is mini-batch.size",
                        "kafka.bootstrap.servers is missing: text",
                        "num-features = many: must be auto, or a whole number of features, 1 to"
                                + " 16777216",
                        "classes = 1: at least two classes are required",
                        "training.momentum = 1.5: must be a number, at least 0.0 and below 1",
                        "block.max-wait = soon: must be a time such as 200 ms, 10 s, 5 min, 1 h or"
                                + " 2 d, at least 1 ms, or off",
                        "scaler.type = minmax: must be none or welford or fading",
                        "topics.labelled-events = labelled-events: the job would read its own"
                                + " output");
    }

    @Test
    void labelTypesWithOneValuePerClass_areRead() {
        assertThat(JobConfig.parse(with("label.type", "probabilities")).ingest().labelType())
                .isEqualTo(LabelType.PROBABILITIES);
        Map<String, String> settings = with("label.type", "multi-label");
        settings.put("training.loss", "bce-with-logits");
        settings.put("training.learning-rate", "0.1");
        assertThat(JobConfig.parse(settings).ingest().labelType()).isEqualTo(LabelType.MULTI_LABEL);
        assertThat(JobConfig.parse(settings).learn().labelType()).isEqualTo(LabelType.MULTI_LABEL);
    }

    @Test
    void ignoreIndexWithoutClassLabels_isRefused() {
        Map<String, String> settings = with("label.type", "multi-label");
        settings.put("label.ignore-index", "-100");
        settings.put("training.loss", "bce-with-logits");
        settings.put("training.learning-rate", "0.1");

        assertThatThrownBy(() -> JobConfig.parse(settings))
                .hasMessage(
                        "label.ignore-index = -100 with label.type = multi-label: can only be"
                                + " set if label.type is class");
    }

    @Test
    void topics_areParsedWithoutTheOtherKeys() {
        JobTopics topics =
                JobConfig.parseTopics(
                        Map.of(
                                "kafka.bootstrap.servers", "broker:9092",
                                "topics.metrics", "m",
                                "training.momentum", "not read"));

        assertThat(topics.kafka().bootstrapServers()).isEqualTo("broker:9092");
        assertThat(topics.publish().topic(Topic.METRICS)).isEqualTo("m");
        assertThat(topics.publish().topic(Topic.MODELS)).isEqualTo("models");
    }

    @Test
    void topicsOfAJobThatOnlyPredicts_areThoseOfFeatureEvents() {
        JobTopics topics =
                JobConfig.parseTopics(
                        Map.of(
                                "kafka.bootstrap.servers", "broker:9092",
                                "job.kind", "score",
                                "topics.labelled-events", "events",
                                "topics.feature-events", "events,requests"));

        assertThat(topics.kind()).isEqualTo(JobKind.SCORE);
        assertThat(topics.kafka().listedInput()).containsExactly("events", "requests");
        assertThat(topics.isPredictedOnly("events")).isTrue();
        assertThat(topics.isPredictedOnly("others")).isFalse();
    }

    @Test
    void topicsOfAJobThatLearns_areOfBothKinds() {
        JobTopics topics =
                JobConfig.parseTopics(
                        Map.of(
                                "kafka.bootstrap.servers", "broker:9092",
                                "topics.labelled-events", "events",
                                "topics.feature-events", "requests"));

        assertThat(topics.kind()).isEqualTo(JobKind.LEARN);
        assertThat(topics.isPredictedOnly("events")).isFalse();
        assertThat(topics.isPredictedOnly("requests")).isTrue();
    }

    @Test
    void topicsParsedAlone_reportEveryProblem() {
        assertThatThrownBy(
                        () ->
                                JobConfig.parseTopics(
                                        Map.of(
                                                "topics.metrics", "labelled-events",
                                                "topics.metric", "m")))
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e ->
                                assertThat(e.problems())
                                        .containsExactly(
                                                "unknown key topics.metric; the nearest known one"
                                                        + " is topics.metrics",
                                                "kafka.bootstrap.servers is missing: text",
                                                "topics.labelled-events = labelled-events: the job"
                                                        + " would read its own output"));
    }

    @Test
    void repeatedClass_isRefused() {
        assertThatThrownBy(() -> JobConfig.parse(with("classes", "a,b,a")))
                .hasMessage("classes contains a twice");
    }

    @Test
    void clipBelowOneDeviation_isRefused() {
        assertThat(problems("scaler.clip", "0.5"))
                .containsExactly(
                        "scaler.clip = 0.5 would clip usual values: set it to at least 1, or to 0"
                                + " to clip none");
        assertThat(JobConfig.parse(given()).learn().hyperParameters())
                .containsEntry("scaler.clip", "10");
        assertThat(JobConfig.parse(with("learner.type", "ensemble")).learn().hyperParameters())
                .containsEntry("scaler.clip", "100");
        assertThat(JobConfig.parse(with("scaler.clip", "0")).learn().learner().scaler())
                .isEqualTo(new Standardization());
    }

    @Test
    void missingValuesAsTheMean_needAScaler() {
        assertThat(problems("features.missing", "mean", "scaler.type", "none"))
                .containsExactly(
                        "features.missing = mean with scaler.type = none: without a scaler there"
                                + " is no mean; set features.missing to zero or choose a scaler");
        JobConfig config = JobConfig.parse(with("features.missing", "mean"));
        assertThat(config.learn().learner().scaler()).isEqualTo(new Standardization(10, true));
        assertThat(config.learn().missing()).isEqualTo(MissingValues.MEAN);
        assertThat(config.learn().hyperParameters()).containsEntry("features.missing", "mean");
    }

    @Test
    void missingIndicators_needMissingValues() {
        assertThat(problems("features.missing-indicator", "true"))
                .containsExactly(
                        "features.missing-indicator = true with features.missing = dead-letter: no"
                                + " example has a missing feature; set features.missing to mean or"
                                + " zero");
        Map<String, String> settings = with("features.missing", "mean");
        int numFeatures = JobConfig.parse(settings).learn().learner().numFeatures();
        settings.put("features.missing-indicator", "true");
        JobConfig config = JobConfig.parse(settings);
        assertThat(config.learn().learner().numFeatures()).isEqualTo(2 * numFeatures);
        assertThat(config.learn().hyperParameters())
                .containsEntry("features.missing-indicator", "true");
    }

    @Test
    void missingIndicators_haveNamesOfTheirOwn() {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "b:1");
        settings.put("source.format", "json");
        settings.put("features", "a,c:categorical(x|y),v[0:3]");
        settings.put("label", "z");
        settings.put("classes", "2");
        settings.put("num-features", "6");
        settings.put("features.missing-indicator", "true");
        assertThat(JobConfig.parse(settings).ingest().numFeatures()).isEqualTo(11);
        settings.put("features", "a,a is missing,b[0:4]");
        assertThat(problems(settings))
                .containsExactly(
                        "features.missing-indicator = true: features has the column \"a is"
                                + " missing\" already");
    }

    @Test
    void stateWithoutMissingIndicators_isRefusedWithThem() {
        SavedJob saved = new SavedJob(new JobIdentity("job", 1, Map.of()), Map.of());
        Map<String, String> settings = with("features.missing", "mean");
        settings.put("features.missing-indicator", "true");

        assertThat(
                        saved.refused(
                                JobConfig.parse(settings).settings(),
                                List.of(IngestConfig.MISSING_INDICATOR),
                                Set.of()))
                .extracting(SavedJob.Difference::toString)
                .containsExactly("features.missing-indicator = false in the state, true now");
    }

    @Test
    void provenance_namesTheFieldsThatAreFeatures() {
        assertThat(JobConfig.parse(given()).learn().hyperParameters())
                .containsEntry("features", "")
                .doesNotContainKey("label");
        Map<String, String> settings = given("source.format", "json", "label", "y");
        settings.remove("num-features");
        settings.put("features", " age , city:categorical(Oslo|\"a|b\"),v[0:2]");
        assertThat(JobConfig.parse(settings).learn().hyperParameters())
                .containsEntry("features", "age,city:categorical(Oslo|\"a|b\"),v[0:2]")
                .doesNotContainKey("label");
        settings.put("features", "*");
        settings.put("features.encoding", "hashed");
        settings.put("id", "key");
        settings.put("weight", "meta.w");
        assertThat(JobConfig.parse(settings).learn().hyperParameters())
                .containsEntry("features", "*")
                .containsEntry("label", "y")
                .containsEntry("weight", "meta.w")
                .doesNotContainKeys("id", "model", "timestamp");
    }

    @ParameterizedTest
    @CsvSource({"10000, 20, true", "10000, 40, false"})
    void longListOfCategories_isInSnapshotsIfItFits(int count, int length, boolean fits) {
        String categories =
                IntStream.range(0, count)
                        .mapToObj(i -> "c".repeat(length - 5) + (10_000 + i))
                        .collect(Collectors.joining("|"));
        Map<String, String> settings = given("source.format", "json", "label", "y");
        settings.remove("num-features");
        settings.put("features", "city:categorical(" + categories + ")");
        settings.put("features.encoding", "sparse");

        List<String> warnings = new ArrayList<>();
        Map<String, String> found =
                JobConfig.parse(settings, warnings::add).learn().hyperParameters();
        if (fits) {
            assertThat(found).containsEntry("features", settings.get("features"));
            assertThat(warnings).isEmpty();
        } else {
            assertThat(found).doesNotContainKey("features");
            assertThat(warnings)
                    .singleElement(STRING)
                    .startsWith("features is too long for a snapshot's first record");
        }

        warnings.clear();
        settings.put("job.kind", "score");
        settings.put("topics.feature-events", "requests");
        JobConfig.parse(settings, warnings::add);
        assertThat(warnings).as("of a job that publishes no snapshots").isEmpty();
    }

    @Test
    void snapshotTooLargeForARecord_isRefused() {
        assertThatThrownBy(() -> JobConfig.parse(with("num-features", "100000")))
                .hasMessageStartingWith(
                        "num-features = 100000, 7 classes and models.chunk-size = 180000 make a"
                                + " snapshot's first record ");
        assertThat(JobConfig.parse(with("num-features", "10000")).ingest().numFeatures())
                .isEqualTo(10_000);
    }

    @ParameterizedTest
    @EnumSource
    void chunkSizeOfTheAdvice_isAccepted(PublishFormat format) {
        Map<String, String> settings = with("publish.format", Key.kebab(format));
        if (format == PublishFormat.CONFLUENT_AVRO) {
            settings.put("schema.registry.url", "http://r:8081");
        }
        settings.put("num-features", "10000");
        assertThat(problems(settings)).isEmpty();
        settings.put("models.chunk-size", "1000000");

        String problem = problems(settings).get(0);

        assertThat(problem).contains("; set models.chunk-size to at most ");
        settings.put("models.chunk-size", problem.substring(problem.lastIndexOf(' ') + 1));
        assertThat(problems(settings)).isEmpty();
    }

    @Test
    void momentsTooLargeForJson_areRefused() {
        Map<String, String> settings = with("publish.format", "json");
        settings.put("num-features", "30000");
        settings.put("models.chunk-size", "1000");

        assertThat(problems(settings))
                .singleElement()
                .asString()
                .contains(" (publish.format = json); ")
                .endsWith("; in avro it is smaller");
        settings.put("publish.format", "avro");
        assertThat(problems(settings)).isEmpty();
    }

    @Test
    void snapshotOfAnEnsemble_countsAllThatIsInItsFirstRecord() {
        Map<String, String> settings = with("learner.type", "ensemble");
        settings.put("num-features", "14500"); // its linear models alone would be small enough
        settings.put("classes", "2");
        String problem = problems(settings).get(0);
        assertThat(problem).contains("; set models.chunk-size to at most ");
        settings.put("models.chunk-size", problem.substring(problem.lastIndexOf(' ') + 1));
        assertThat(problems(settings)).isEmpty();

        settings.put("publish.format", "json");
        settings.put("num-features", "12500");
        settings.remove("models.chunk-size");
        assertThat(problems(settings))
                .singleElement()
                .asString()
                .endsWith("; in avro it is smaller");
    }

    @Test
    void snapshotOfAMixture_countsTheParametersOfEveryRate() {
        Map<String, String> settings = with("models.chunk-size", "1000000");
        settings.put("num-features", "8000");
        assertThat(problems(settings)).isNotEmpty(); // 7 rates of 56,007 parameters
        settings.put("training.experts.rates", "0.1,1");
        assertThat(problems(settings)).isEmpty();
    }

    @Test
    void secretsOfKafka_areNotPrinted() {
        JobConfig config =
                JobConfig.parse(with("kafka.sasl.jaas.config", "user=u password=canary"));

        assertThat(config.toString()).doesNotContain("canary");
    }

    @Test
    void publishedProperties_areGeneratedFromTheCode() throws IOException {
        Path published = Path.of("..", "deploy", "freshet.properties");

        assertThat(Files.readString(published))
                .as("regenerate it with FreshetJob --print-config")
                .isEqualTo(KeyReference.render(FreshetJob.REFERENCE_HEAD, JobConfig.sections()));
    }

    @Test
    void publishedProperties_canBeRead() {
        Path published = Path.of("..", "deploy", "freshet.properties");

        assertThat(SettingsSource.read(published, List.of())).isEmpty();
    }

    @Test
    void secretsOfFlink_areNotPrinted() {
        JobConfig config = JobConfig.parse(with("flink.s3.secret-key", "canary"));

        assertThat(config.flink()).containsEntry("s3.secret-key", "canary");
        assertThat(config.toString()).doesNotContain("canary");
    }

    @Test
    void transactionThatEndsBeforeItsCheckpoint_isRefused() {
        Map<String, String> settings = with("sink.transaction-timeout", "10 s");
        settings.put("checkpoint.interval", "10 s");

        assertThatThrownBy(() -> JobConfig.parse(settings))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "sink.transaction-timeout = 10000 ms: must be longer than"
                                + " checkpoint.interval, 10000 ms, or Kafka aborts every"
                                + " transaction before it is committed");
    }

    @Test
    void propertyThatNoKafkaClientKnows_isRefused_withTheNearestOne() {
        Map<String, String> settings = with("kafka.bootstrap.server", "b:1");
        settings.put("kafka.sasl.jaas.conf", "secret");
        settings.put("kafka.partition.discovery.interval", "500");

        assertThat(problems(settings))
                .containsExactly(
                        "unknown key kafka.bootstrap.server: Kafka's clients have no such property;"
                                + " the nearest known one is bootstrap.servers",
                        "unknown key kafka.partition.discovery.interval: Kafka's clients have no"
                                + " such property; the nearest known one is"
                                + " partition.discovery.interval.ms",
                        "unknown key kafka.sasl.jaas.conf: Kafka's clients have no such property;"
                                + " the nearest known one is sasl.jaas.config");
        assertThatThrownBy(() -> JobConfig.parseTopics(with("kafka.bootstrap.server", "b:1")))
                .hasMessageContaining("unknown key kafka.bootstrap.server:");
    }

    @Test
    void propertiesOfEveryClientAndOfTheConnector_areAccepted() {
        for (String key :
                List.of(
                        "fetch.min.bytes", // consumer
                        "batch.size", // producer
                        "bootstrap.controllers", // admin client
                        "ssl.truststore.location",
                        "sasl.login.callback.handler.class",
                        "partition.discovery.interval.ms",
                        "register.producer.metrics",
                        "config.providers",
                        "config.providers.file.class",
                        "config.providers.file.param.allowed.paths",
                        "metrics.jmx.include")) {
            JobConfig config = JobConfig.parse(with("kafka." + key, "x"));
            assertThat(config.kafka().client()).containsEntry(key, "x");
        }
    }

    @Test
    void unknownPropertyThatAConfiguredClassMayRead_isAccepted() {
        Map<String, String> settings = with("kafka.my.interceptor.level", "3");
        settings.put("kafka.interceptor.classes", "com.example.MyInterceptor");

        assertThat(JobConfig.parse(settings).kafka().client())
                .containsEntry("my.interceptor.level", "3");
    }

    @Test
    void propertyThatTheJobSetsItself_isRefused_namingItsKey() {
        Map<String, String> settings = with("kafka.group.id", "g");
        settings.put("kafka.transaction.timeout.ms", "1000");

        assertThat(problems(settings))
                .containsExactly(
                        "kafka.group.id has no effect: set source.group-id",
                        "kafka.transaction.timeout.ms has no effect: set"
                                + " sink.transaction-timeout");
    }

    @Test
    void shape_hasTheColumnsOfMappedFields_orTheGivenNumber() {
        assertThat(JobConfig.parseShape(Map.of("classes", "a,b")))
                .isEqualTo(new GivenShape(null, List.of("a", "b")));
        assertThat(JobConfig.parseShape(Map.of("num-features", "3")).numFeatures()).isEqualTo(3);
        assertThat(
                        JobConfig.parseShape(
                                        Map.of(
                                                "features",
                                                "age,city:categorical(Oslo|Rome),at:time"))
                                .numFeatures())
                .isEqualTo(7);
    }

    @Test
    void misspeltOptionOfFlink_isRefused_andOneOfAnotherModuleAccepted() {
        assertThat(problems(with("flink.execution.checkpointing.intervall", "1 s")))
                .containsExactly(
                        "unknown key flink.execution.checkpointing.intervall: Flink has no such"
                                + " option; the nearest known one is"
                                + " execution.checkpointing.interval");
        for (String key :
                List.of(
                        "rest.port",
                        "state.backend.rocksdb.memory.managed",
                        "metrics.reporter.prom.port",
                        "some.module.option")) {
            assertThat(JobConfig.parse(with("flink." + key, "1")).flink()).containsEntry(key, "1");
        }
    }
}
