package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.Example;
import io.freshet.ingest.IngestOperator;
import io.freshet.ingest.Messages;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.Expert;
import io.freshet.learn.LearnOperator;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.Score;
import io.freshet.publish.Publisher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // closing results may be interrupted
class FreshetPipelineTest {
    private static final JobConfig CONFIG =
            JobConfig.parse(
                    Map.of(
                            "kafka.bootstrap.servers", "nowhere:1",
                            "num-features", "2",
                            "classes", "down,up"));

    @Test
    void everyOperator_hasAUidAndAName() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        FreshetJob.assemble(env, CONFIG, JobStart.first(CONFIG));

        assertThat(env.getStreamGraph().getStreamNodes())
                .hasSizeGreaterThan(7)
                .allSatisfy(
                        node -> {
                            assertThat(node.getTransformationUID())
                                    .as(node.getOperatorName())
                                    .isNotBlank();
                            assertThat(node.getOperatorName()).isNotBlank();
                        })
                .extracting(StreamNode::getTransformationUID)
                .doesNotHaveDuplicates()
                .contains("labelled-events", "ingest", "learn", "monitor");
    }

    /** Otherwise the examples of a model would be distributed, and arrive in any order. */
    @Test
    void operatorsBeforeTheLearner_haveTheParallelismOfTheExamples() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(4);
        DataStream<Example> examples =
                env.fromData(TypeInformation.of(Example.class), Example.of(1, 2).build());
        FreshetPipeline.learnExamples(
                        examples, PipelineConfig.parse(Map.of("num-features", "2", "classes", "2")))
                .metrics()
                .print();

        assertThat(env.getStreamGraph().getStreamNodes())
                .filteredOn(
                        node ->
                                List.of("number-examples", "ingest", "learn")
                                        .contains(String.valueOf(node.getTransformationUID())))
                .extracting(node -> node.getTransformationUID() + " " + node.getParallelism())
                .containsExactlyInAnyOrder("number-examples 1", "ingest 1", "learn 4");
    }

    @Test
    void jobThatOnlyPredicts_handsEventsOverSooner_unlessFlinkIsToldOtherwise() {
        assertThat(bufferTimeout(Map.of("job.kind", "learn"))).isEqualTo(100);
        assertThat(bufferTimeout(Map.of("job.kind", "score"))).isEqualTo(5);
        assertThat(
                        bufferTimeout(
                                Map.of(
                                        "job.kind",
                                        "score",
                                        "flink.execution.buffer-timeout.interval",
                                        "20 ms")))
                .isEqualTo(20);
    }

    private static long bufferTimeout(Map<String, String> changed) {
        Map<String, String> settings = new HashMap<>(changed);
        settings.put("kafka.bootstrap.servers", "localhost:9092");
        settings.put("topics.feature-events", "requests");
        settings.put("num-features", "2");
        settings.put("classes", "2");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        FreshetJob.configure(env, JobConfig.parse(settings));
        return env.getBufferTimeout();
    }

    /**
     * The JobManager deserialises the graph in threads that outlive the job: thread-local objects
     * of Avro, ND4J or Kafka's clients would keep the job's class loader alive.
     */
    @Test
    void deserialisedGraph_initialisesNoLibrary() throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        FreshetJob.assemble(env, CONFIG, JobStart.first(CONFIG));

        try (JobClassLoader jobClasses = new JobClassLoader()) {
            for (StreamNode node : env.getStreamGraph().getStreamNodes()) {
                byte[] operator = InstantiationUtil.serializeObject(node.getOperatorFactory());
                InstantiationUtil.deserializeObject(operator, jobClasses);
            }

            assertThat(jobClasses.loaded())
                    .contains(IngestOperator.class.getName(), LearnOperator.class.getName())
                    .contains(MonitorOperator.class.getName(), Publisher.class.getName())
                    .doesNotContain("org.apache.avro.Schema")
                    .doesNotContain("org.nd4j.linalg.factory.Nd4j", "org.bytedeco.javacpp.Loader")
                    .doesNotContain("org.apache.kafka.clients.producer.KafkaProducer");
        }
    }

    /** Uses the pipeline as a library, with another source of messages and without sinks. */
    @Test
    void pipeline_trainsOnAnyStreamOfMessages() throws Exception {
        List<RawMessage> messages = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            messages.add(
                    Messages.message(
                            i, Messages.event("m", i, i % 2 == 0 ? "down" : "up", i % 2, i % 7)));
        }
        messages.add(Messages.message(1_000, new byte[0]));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        FreshetJob.configure(env, CONFIG);
        DataStream<RawMessage> stream =
                env.fromData(messages, TypeInformation.of(RawMessage.class)).uid("messages");

        List<RollingMetrics> metrics = new ArrayList<>();
        try (CloseableIterator<RollingMetrics> results =
                FreshetPipeline.learn(stream, CONFIG).metrics().executeAndCollect("a custom job")) {
            results.forEachRemaining(metrics::add);
        }

        RollingMetrics last =
                metrics.stream()
                        .filter(record -> record.modelId().equals("m"))
                        .reduce((older, newer) -> newer)
                        .orElseThrow();
        assertThat(last.progress().examplesSeen()).isEqualTo(1_000);
        assertThat(last.rolling().get(Score.ACCURACY)).isGreaterThan(0.95);
        assertThat(Arrays.stream(last.progress().experts()).mapToDouble(Expert::weight).sum())
                .isCloseTo(1, offset(1e-9));
        RollingMetrics withoutModel =
                metrics.stream()
                        .filter(record -> record.modelId().isEmpty())
                        .reduce((older, newer) -> newer)
                        .orElseThrow();
        assertThat(withoutModel.progress().audit().count(EventOutcome.DEAD_LETTER)).isEqualTo(1);
    }
}
