package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.freshet.ingest.Fate;
import io.freshet.ingest.Messages;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.Expert;
import io.freshet.monitor.RollingMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.util.CloseableIterator;
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
        FreshetJob.assemble(env, CONFIG);

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

    /** The job as a library: messages from anywhere, results as streams. */
    @Test
    void pipeline_learnsFromAnyStreamOfMessages() throws Exception {
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
                FreshetPipeline.learn(stream, CONFIG)
                        .metrics()
                        .executeAndCollect("a job of one's own")) {
            results.forEachRemaining(metrics::add);
        }

        RollingMetrics last =
                metrics.stream()
                        .filter(record -> record.modelId().equals("m"))
                        .reduce((older, newer) -> newer)
                        .orElseThrow();
        assertThat(last.progress().examplesSeen()).isEqualTo(1_000);
        assertThat(last.rolling().accuracy()).isGreaterThan(0.95);
        assertThat(Arrays.stream(last.progress().experts()).mapToDouble(Expert::weight).sum())
                .isCloseTo(1, offset(1e-9));
        RollingMetrics elsewhere =
                metrics.stream()
                        .filter(record -> record.modelId().isEmpty())
                        .reduce((older, newer) -> newer)
                        .orElseThrow();
        assertThat(elsewhere.progress().audit().count(Fate.DEAD_LETTER)).isEqualTo(1);
    }
}
