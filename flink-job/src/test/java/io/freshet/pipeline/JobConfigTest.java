package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.KeyReference;
import io.freshet.config.SettingsSource;
import io.freshet.ingest.LabelType;
import io.freshet.model.DeviceFallback;
import io.freshet.model.Reduction;
import io.freshet.model.ScalerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class JobConfigTest {
    private static final Map<String, String> REQUIRED =
            Map.of(
                    "kafka.bootstrap.servers", "broker:9092",
                    "num-features", "54",
                    "classes", "7");

    private static Map<String, String> with(String key, String value) {
        Map<String, String> settings = new HashMap<>(REQUIRED);
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
        assertThat(config.learn().learner().miniBatchSize()).isEqualTo(32);
        assertThat(config.learn().miniBatchMaxWait()).isNull();
        assertThat(config.learn().learner().sgd().learningRate()).isEqualTo(0.01);
        assertThat(config.learn().learner().sgd().momentum()).isEqualTo(0.9);
        assertThat(config.learn().learner().reduction()).isEqualTo(Reduction.EXAMPLES);
        assertThat(config.learn().learner().scaler()).isEqualTo(ScalerType.WELFORD);
        assertThat(config.learn().maxModels()).isEqualTo(1000);
        assertThat(config.learn().deviceFallback()).isEqualTo(DeviceFallback.CPU);
        assertThat(config.monitor().windowSize()).isEqualTo(1000);
        assertThat(config.kafka().labelledEvents()).isEqualTo("labelled-events");
        assertThat(config.publish().topics())
                .containsExactly(
                        "metrics", "predictions", "models", "model-history", "dead-letters");
        assertThat(config.checkpointInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.parallelism()).isEqualTo(1);
    }

    /** A value other than the default for every key, and where it must arrive. */
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
        settings.put("num-features", "3");
        settings.put("classes", "no, yes");
        settings.put("label.type", "class"); // its default: others exclude the next key
        settings.put("label.ignore-index", "-100");
        settings.put("block.size", "11");
        settings.put("block.max-wait", "12 ms");
        settings.put("models.allowed", "a,b");
        settings.put("mini-batch.size", "13");
        settings.put("mini-batch.max-wait", "14 s");
        settings.put("training.learning-rate", "0.5");
        settings.put("training.momentum", "0");
        settings.put("training.reduction", "weights");
        settings.put("scaler.type", "none");
        settings.put("models.max", "15");
        settings.put("models.publish-interval", "16 s");
        settings.put("device.fallback", "stop");
        settings.put("metrics.window-size", "17");
        settings.put("metrics.every", "18");
        settings.put("metrics.max-interval", "19 s");
        settings.put("topics.metrics", "t1");
        settings.put("topics.predictions", "t2");
        settings.put("topics.models", "t3");
        settings.put("topics.model-history", "t4");
        settings.put("topics.dead-letters", "t5");
        settings.put("models.chunk-size", "20");
        settings.put("job.name", "j");
        settings.put("job.parallelism", "2");
        settings.put("checkpoint.interval", "21 s");
        settings.put("flink.state.backend.type", "rocksdb");
        assertThat(settings.keySet())
                .containsAll(JobConfig.keys().stream().map(Key::name).toList());

        JobConfig config = JobConfig.parse(settings);

        assertThat(config.kafka().client())
                .isEqualTo(Map.of("bootstrap.servers", "b:1", "security.protocol", "SSL"));
        assertThat(config.kafka().labelledEvents()).isEqualTo("t0");
        assertThat(config.kafka().groupId()).isEqualTo("g");
        assertThat(config.kafka().start()).isEqualTo(KafkaConfig.Start.LATEST);
        assertThat(config.kafka().transactionalIdPrefix()).isEqualTo("p");
        assertThat(config.kafka().transactionTimeout()).isEqualTo(Duration.ofMinutes(3));
        assertThat(config.ingest().numFeatures()).isEqualTo(3);
        assertThat(config.ingest().classes()).containsExactly("no", "yes");
        assertThat(config.ingest().labelType()).isEqualTo(LabelType.CLASS);
        assertThat(config.ingest().ignoreIndex()).isEqualTo(-100);
        assertThat(config.ingest().blockSize()).isEqualTo(11);
        assertThat(config.ingest().blockMaxWait()).isEqualTo(Duration.ofMillis(12));
        assertThat(config.ingest().allowedModels()).containsExactlyInAnyOrder("a", "b");
        assertThat(config.learn().learner().miniBatchSize()).isEqualTo(13);
        assertThat(config.learn().miniBatchMaxWait()).isEqualTo(Duration.ofSeconds(14));
        assertThat(config.learn().learner().sgd().learningRate()).isEqualTo(0.5);
        assertThat(config.learn().learner().sgd().momentum()).isZero();
        assertThat(config.learn().learner().reduction()).isEqualTo(Reduction.WEIGHTS);
        assertThat(config.learn().learner().scaler()).isEqualTo(ScalerType.NONE);
        assertThat(config.learn().maxModels()).isEqualTo(15);
        assertThat(config.learn().publishInterval()).isEqualTo(Duration.ofSeconds(16));
        assertThat(config.learn().deviceFallback()).isEqualTo(DeviceFallback.STOP);
        assertThat(config.monitor().windowSize()).isEqualTo(17);
        assertThat(config.monitor().every()).isEqualTo(18);
        assertThat(config.monitor().maxInterval()).isEqualTo(Duration.ofSeconds(19));
        assertThat(config.monitor().maxModels()).isEqualTo(15);
        assertThat(config.publish().topics()).containsExactly("t1", "t2", "t3", "t4", "t5");
        assertThat(config.publish().chunkSize()).isEqualTo(20);
        assertThat(config.jobName()).isEqualTo("j");
        assertThat(config.parallelism()).isEqualTo(2);
        assertThat(config.checkpointInterval()).isEqualTo(Duration.ofSeconds(21));
        assertThat(config.flink()).isEqualTo(Map.of("state.backend.type", "rocksdb"));
    }

    @Test
    void everyProblem_isNamedAtOnce() {
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
                        "num-features = many: must be a whole number of features, 1 to 1000000",
                        "classes = 1: at least two are needed",
                        "training.momentum = 1.5: must be a number, at least 0.0 and below 1",
                        "block.max-wait = soon: must be a time such as 200 ms, 10 s, 5 min, 1 h or"
                                + " 2 d, at least 1 ms",
                        "scaler.type = minmax: must be none or welford",
                        "topics.labelled-events = labelled-events: the job would read what it"
                                + " writes");
    }

    @Test
    void labelsOfOneValuePerClass_areAskedFor() {
        assertThat(JobConfig.parse(with("label.type", "probabilities")).ingest().labelType())
                .isEqualTo(LabelType.PROBABILITIES);
        assertThat(JobConfig.parse(with("label.type", "multi-label")).ingest().labelType())
                .isEqualTo(LabelType.MULTI_LABEL);
    }

    @Test
    void ignoreIndexOfLabelsWithoutOne_isRefused() {
        Map<String, String> settings = with("label.type", "multi-label");
        settings.put("label.ignore-index", "-100");

        assertThatThrownBy(() -> JobConfig.parse(settings))
                .hasMessage(
                        "label.ignore-index = -100 with label.type = multi-label: only a label of"
                                + " one class has an index to ignore");
    }

    @Test
    void repeatedClass_isRefused() {
        assertThatThrownBy(() -> JobConfig.parse(with("classes", "a,b,a")))
                .hasMessage("classes names a twice");
    }

    @Test
    void snapshotTooLargeForARecord_isRefused() {
        assertThatThrownBy(() -> JobConfig.parse(with("num-features", "100000")))
                .hasMessageStartingWith(
                        "num-features = 100000, 7 classes and models.chunk-size = 200000 make a"
                                + " snapshot's first record ");
        assertThat(JobConfig.parse(with("num-features", "10000")).ingest().numFeatures())
                .isEqualTo(10_000);
    }

    @Test
    void secrets_areNotInTheConfigurationsText() {
        JobConfig config =
                JobConfig.parse(with("kafka.sasl.jaas.config", "user=u password=canary"));

        assertThat(config.toString()).doesNotContain("canary");
    }

    @Test
    void documentedFile_isThatOfTheCode() throws IOException {
        Path documented = Path.of("..", "deploy", "freshet.properties");

        assertThat(Files.readString(documented))
                .as("write it anew with FreshetJob --print-config")
                .isEqualTo(KeyReference.render(FreshetJob.REFERENCE_HEAD, JobConfig.sections()));
    }

    @Test
    void documentedFile_canBeRead() {
        Path documented = Path.of("..", "deploy", "freshet.properties");

        assertThat(SettingsSource.read(documented, List.of())).isEmpty();
    }
}
