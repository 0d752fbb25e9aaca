package io.freshet.pipeline;

import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.Example;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockTypeInfo;
import io.freshet.ingest.ExampleNumbering;
import io.freshet.ingest.IngestOperator;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LearnOperator;
import io.freshet.learn.Prediction;
import io.freshet.monitor.MonitorMemory;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.RollingMetrics;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.Publication;
import io.freshet.publish.PublishFunction;
import io.freshet.publish.Publisher;
import io.freshet.publish.Topic;
import io.freshet.score.InitialModels;
import io.freshet.score.ScoreFunction;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.util.function.SerializableFunction;
import org.jspecify.annotations.Nullable;

/**
 * The job graph from raw messages to streams of results, in the order of the data.
 *
 * <p>The caller provides sources and sinks, so the pipeline fits into any Flink job.
 */
public final class FreshetPipeline {
    private FreshetPipeline() {}

    /** Adds the operators that decode messages, train the models and compute metrics. */
    public static FreshetStreams learn(DataStream<RawMessage> messages, JobConfig config) {
        return learn(messages, config.pipeline(), new RegistrySecrets(config.kafka())::apply);
    }

    /**
     * Adds the operators that check examples, train the models and compute metrics.
     *
     * <p>Examples of a model are trained on in the order in which they arrive: examples of one
     * subtask stay in their order, as the operators before the learner have the parallelism of the
     * stream. A job can have one such pipeline, since the operators' uids are fixed.
     */
    public static FreshetStreams learnExamples(
            DataStream<Example> examples, PipelineConfig config) {
        DataStream<RawMessage> messages =
                examples.map(new ExampleNumbering(), TypeInformation.of(RawMessage.class))
                        .name("number examples")
                        .uid("number-examples")
                        .setParallelism(examples.getParallelism());
        return learn(messages, config, text -> text);
    }

    /**
     * Adds the operators that predict events with the newest versions of the models.
     *
     * @param messages events that are predicted only
     * @param streams results of the models that learn
     * @return these results, with the predictions and the dead letters of these events
     */
    public static FreshetStreams score(
            DataStream<RawMessage> messages,
            FreshetStreams streams,
            JobConfig config,
            JobIdentity job) {
        RegistrySecrets secrets = new RegistrySecrets(config.kafka());
        Publisher publisher =
                new Publisher(config.publish().inAvro(), config.learn(), config.monitor(), job);
        DataStream<RawMessage> models =
                new Publishing(publisher, secrets)
                        .add(
                                streams.snapshots(),
                                "encode models",
                                Publisher::snapshot,
                                Topic.MODELS)
                        .flatMap(new ModelMessages(), TypeInformation.of(RawMessage.class))
                        .name("models")
                        .uid("models");
        SingleOutputStreamOperator<Prediction> predictions = score(messages, models, config, null);
        return new FreshetStreams(
                streams.evaluations(),
                streams.metrics(),
                streams.driftAlerts(),
                streams.predictions().union(predictions),
                streams.snapshots(),
                streams.deadLetters().union(predictions.getSideOutput(ScoreFunction.DEAD_LETTERS)));
    }

    /**
     * Adds the operators that predict events with the models of a topic.
     *
     * @param messages events that are predicted
     * @param models records of the topic
     * @param initialModels the records of the topic before the first event
     */
    static DataStream<Publication> score(
            DataStream<RawMessage> messages,
            DataStream<RawMessage> models,
            InitialModels initialModels,
            JobConfig config,
            JobIdentity job) {
        SingleOutputStreamOperator<Prediction> predictions =
                score(messages, models, config, initialModels);
        Publishing publishing = publishing(config, job);
        return publishing
                .predictions(predictions)
                .union(
                        publishing.deadLetters(
                                predictions.getSideOutput(ScoreFunction.DEAD_LETTERS)));
    }

    private static SingleOutputStreamOperator<Prediction> score(
            DataStream<RawMessage> messages,
            DataStream<RawMessage> models,
            JobConfig config,
            @Nullable InitialModels initialModels) {
        RegistrySecrets secrets = new RegistrySecrets(config.kafka());
        return messages.connect(models.broadcast(ScoreFunction.SNAPSHOTS))
                .process(
                        new ScoreFunction(
                                config.ingest(), config.score(), secrets::apply, initialModels),
                        TypeInformation.of(Prediction.class))
                .name("score")
                .uid("score");
    }

    private static FreshetStreams learn(
            DataStream<RawMessage> messages,
            PipelineConfig config,
            SerializableFunction<String, String> secrets) {
        SingleOutputStreamOperator<ExampleBlock> blocks =
                messages.transform(
                                "ingest",
                                new ExampleBlockTypeInfo(),
                                new IngestOperator(config.ingest(), secrets))
                        .uid("ingest");
        if (blocks.getParallelism() != messages.getParallelism()) {
            // Other parallelisms would distribute the messages anew, and change their order.
            blocks.setParallelism(messages.getParallelism());
        }
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
     * Adds the operators that encode the results as events for the sinks.
     *
     * @param job identity of the job in its records
     */
    public static PublicationStreams publish(
            FreshetStreams streams, JobConfig config, JobIdentity job) {
        Publishing publishing = publishing(config, job);
        DataStream<Publication> metrics =
                publishing.add(
                        streams.metrics(),
                        "publish metrics",
                        (each, result, out) -> out.accept(each.metrics(result)),
                        Topic.METRICS);
        DataStream<Publication> others =
                publishing
                        .predictions(streams.predictions())
                        .union(
                                publishing.add(
                                        streams.driftAlerts(),
                                        "publish drift alerts",
                                        (each, result, out) -> out.accept(each.driftAlert(result)),
                                        Topic.DRIFT_ALERTS),
                                publishing.add(
                                        streams.snapshots(),
                                        "publish snapshots",
                                        Publisher::snapshot,
                                        Topic.MODELS,
                                        Topic.MODEL_HISTORY),
                                publishing.deadLetters(streams.deadLetters()));
        return new PublicationStreams(metrics, others);
    }

    private static Publishing publishing(JobConfig config, JobIdentity job) {
        return new Publishing(
                new Publisher(config.publish(), config.learn(), config.monitor(), job),
                new RegistrySecrets(config.kafka()));
    }

    /** Factory of the operators that encode the results. */
    private record Publishing(Publisher publisher, RegistrySecrets secrets) {
        DataStream<Publication> predictions(DataStream<Prediction> predictions) {
            return add(
                    predictions,
                    "publish predictions",
                    (each, result, out) -> out.accept(each.prediction(result)),
                    Topic.PREDICTIONS);
        }

        DataStream<Publication> deadLetters(DataStream<DeadLetter> letters) {
            return add(
                    letters,
                    "publish dead letters",
                    (each, result, out) -> out.accept(each.deadLetter(result)),
                    Topic.DEAD_LETTERS);
        }

        /**
         * Adds the operator for one kind of result.
         *
         * @param name name of the operator; its uid has hyphens in place of spaces
         */
        <T> DataStream<Publication> add(
                DataStream<T> results,
                String name,
                PublishFunction.Encoding<T> encoding,
                Topic... topics) {
            return results.flatMap(
                            new PublishFunction<>(
                                    publisher, secrets::apply, List.of(topics), encoding),
                            TypeInformation.of(Publication.class))
                    .name(name)
                    .uid(name.replace(' ', '-'));
        }
    }
}
