package io.freshet.pipeline;

import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockTypeInfo;
import io.freshet.ingest.IngestOperator;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LearnOperator;
import io.freshet.monitor.MonitorMemory;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.RollingMetrics;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.Publication;
import io.freshet.publish.Publisher;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * The job graph from raw messages to streams of results, in the order of the data.
 *
 * <p>The caller provides sources and sinks, so the pipeline fits into any Flink job.
 */
public final class FreshetPipeline {
    private FreshetPipeline() {}

    /** Adds the operators that decode messages, train the models and compute metrics. */
    public static FreshetStreams learn(DataStream<RawMessage> messages, JobConfig config) {
        SingleOutputStreamOperator<ExampleBlock> blocks =
                messages.transform(
                                "ingest",
                                new ExampleBlockTypeInfo(),
                                new IngestOperator(
                                        config.ingest(),
                                        new RegistrySecrets(config.kafka())::apply))
                        .uid("ingest");
        SingleOutputStreamOperator<BlockEvaluation> evaluations =
                blocks.keyBy(ExampleBlock::modelId, Types.STRING)
                        .transform(
                                "learn",
                                TypeInformation.of(BlockEvaluation.class),
                                new LearnOperator(
                                        config.learn(), MonitorMemory.cost(config.monitor())))
                        .uid("learn");
        SingleOutputStreamOperator<RollingMetrics> metrics =
                DataStreamUtils.reinterpretAsKeyedStream(
                                evaluations, BlockEvaluation::modelId, Types.STRING)
                        .transform(
                                "monitor",
                                TypeInformation.of(RollingMetrics.class),
                                new MonitorOperator(config.monitor()))
                        .uid("monitor");
        return new FreshetStreams(
                evaluations,
                metrics,
                evaluations.getSideOutput(LearnOperator.DRIFT_ALERTS),
                evaluations.getSideOutput(LearnOperator.PREDICTIONS),
                evaluations.getSideOutput(LearnOperator.SNAPSHOTS),
                blocks.getSideOutput(IngestOperator.DEAD_LETTERS));
    }

    /**
     * Adds the operators that encode the results as Avro events for the sinks.
     *
     * @param job identity of the job in its records
     */
    public static PublicationStreams publish(
            FreshetStreams streams, JobConfig config, JobIdentity job) {
        Publisher publisher =
                new Publisher(config.publish(), config.learn(), config.monitor(), job);
        TypeInformation<Publication> type = TypeInformation.of(Publication.class);
        DataStream<Publication> metrics =
                streams.metrics()
                        .map(publisher::metrics, type)
                        .name("publish metrics")
                        .uid("publish-metrics");
        DataStream<Publication> others =
                streams.predictions()
                        .map(publisher::prediction, type)
                        .name("publish predictions")
                        .uid("publish-predictions")
                        .union(
                                streams.driftAlerts()
                                        .map(publisher::driftAlert, type)
                                        .name("publish drift alerts")
                                        .uid("publish-drift-alerts"),
                                streams.snapshots()
                                        .<Publication>flatMap(
                                                (snapshot, out) ->
                                                        publisher.snapshot(snapshot, out::collect),
                                                type)
                                        .name("publish snapshots")
                                        .uid("publish-snapshots"),
                                streams.deadLetters()
                                        .map(publisher::deadLetter, type)
                                        .name("publish dead letters")
                                        .uid("publish-dead-letters"));
        return new PublicationStreams(metrics, others);
    }
}
