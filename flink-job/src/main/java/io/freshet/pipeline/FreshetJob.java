package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.KeyReference;
import io.freshet.config.SettingsSource;
import io.freshet.ingest.RawMessage;
import io.freshet.publish.Publication;
import io.freshet.publish.Topic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Entry point of the job from Kafka to Kafka, for {@code flink run}:
 *
 * <p>{@code flink run freshet-flink-job.jar --config freshet.properties --set num-features=54}
 */
@Command(
        name = "freshet-job",
        mixinStandardHelpOptions = true,
        description = "Trains models on labelled events in Kafka.")
public final class FreshetJob implements Callable<Integer> {
    static final String REFERENCE_HEAD =
            "All configuration keys of the job, with their meanings and defaults. Copy the lines"
                + " that you change; every key can also be given as --set key=value. Any property"
                + " of Kafka's clients can be set with the prefix kafka. and any option of Flink"
                + " with the prefix flink.";

    /**
     * Longest time for which a task of a job that only predicts gathers records before it hands
     * them to the next one. With Flink's default of 100 ms, predictions would wait for most of
     * their latency.
     */
    private static final Duration HAND_OVER_INTERVAL = Duration.ofMillis(5);

    @Option(names = "--config", paramLabel = "FILE", description = "Properties file with the keys.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Sets a key; overrides the file.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--print-config",
            description = "Prints every key with its meaning and default.")
    private boolean printConfig;

    @Mixin private StartOptions startOptions = new StartOptions();

    /** Checks the configuration and Kafka, and submits the job to Flink. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new FreshetJob());
        command.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    if (e instanceof ConfigurationException || e instanceof PreflightException) {
                        line.getErr().println(e.getMessage());
                        return 2;
                    }
                    throw e;
                });
        int exitCode = command.execute(args);
        if (exitCode != 0) {
            throw new IllegalArgumentException("the job was not started for the reason above");
        }
    }

    @Override
    public Integer call() throws Exception {
        if (printConfig) {
            System.out.print(KeyReference.render(REFERENCE_HEAD, JobConfig.sections()));
            return 0;
        }
        JobConfig config = JobConfig.parse(SettingsSource.read(file, overrides));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Configuration cluster = Configuration.fromMap(env.getConfiguration().toMap());
        if (StoredJob.exists(cluster)) {
            System.out.println(
                    "Flink has the job already, and continues it as it was submitted unless it has"
                            + " ended");
            assembleUnused(env);
        } else {
            assemble(env, config, start(cluster, config));
        }
        env.execute(config.jobName());
        return 0;
    }

    /**
     * Builds a job in place of one that Flink has already. Flink wants the main method to submit
     * one, and does not run it.
     */
    private static void assembleUnused(StreamExecutionEnvironment env) {
        env.fromSequence(1, 1)
                .map(
                        (MapFunction<Long, Long>)
                                number -> {
                                    throw new SuppressRestartsException(
                                            new IllegalStateException(
                                                    "Flink no longer has the job for which this one"
                                                            + " stood in; start it again"));
                                })
                .returns(Types.LONG)
                .sinkTo(new DiscardingSink<>());
    }

    /**
     * Builds the whole job, with Kafka source and sinks, in an execution environment.
     *
     * @param start how the job starts; the environment's own options name the checkpoint
     */
    public static void assemble(StreamExecutionEnvironment env, JobConfig config, JobStart start) {
        configure(env, config);
        DataStream<RawMessage> messages =
                env.fromSource(
                                KafkaConnectors.source(
                                        config.kafka(), start.savedJob(config), start.accepted()),
                                WatermarkStrategy.noWatermarks(),
                                "labelled events")
                        .uid("labelled-events");
        DataStream<Publication> exactlyOnce =
                switch (config.kind()) {
                    case LEARN -> learned(messages, config, start);
                    case SCORE -> scored(env, messages, config, start);
                };
        exactlyOnce
                .sinkTo(
                        KafkaConnectors.exactlyOnce(
                                config.kafka(), config.publish(), start.identity()))
                .name("publish")
                .uid("publish");
    }

    /** Adds the stages of a job that learns; returns what is to be delivered exactly once. */
    private static DataStream<Publication> learned(
            DataStream<RawMessage> messages, JobConfig config, JobStart start) {
        PublicationStreams publications =
                FreshetPipeline.publish(results(messages, config, start), config, start.identity());
        return switch (config.monitor().delivery()) {
            case EXACTLY_ONCE -> publications.others().union(publications.metrics());
            case AT_LEAST_ONCE -> {
                publications
                        .metrics()
                        .sinkTo(KafkaConnectors.atLeastOnce(config.kafka(), config.publish()))
                        .name("publish at once")
                        .uid("publish-at-once");
                yield publications.others();
            }
        };
    }

    /** Adds the stages of a job that only predicts; returns what it publishes. */
    private static DataStream<Publication> scored(
            StreamExecutionEnvironment env,
            DataStream<RawMessage> messages,
            JobConfig config,
            JobStart start) {
        String topic = config.publish().topic(Topic.MODELS);
        DataStream<RawMessage> models =
                env.fromSource(
                                KafkaConnectors.models(config.kafka(), topic),
                                WatermarkStrategy.noWatermarks(),
                                "models")
                        .uid("models-topic")
                        .setParallelism(1);
        return FreshetPipeline.score(
                messages, models, new ModelsTopic(config.kafka(), topic), config, start.identity());
    }

    /** Adds the stages from messages to results. */
    private static FreshetStreams results(
            DataStream<RawMessage> messages, JobConfig config, JobStart start) {
        if (config.kafka().features() == null) {
            return FreshetPipeline.learn(messages, config);
        }
        FreshetStreams learned =
                FreshetPipeline.learn(
                        messages.filter(new MessageFilter(config.kafka(), false))
                                .name("to learn")
                                .uid("to-learn"),
                        config);
        return FreshetPipeline.score(
                messages.filter(new MessageFilter(config.kafka(), true))
                        .name("to predict")
                        .uid("to-predict"),
                learned,
                config,
                start.identity());
    }

    private JobStart start(Configuration cluster, JobConfig config)
            throws PreflightException, InterruptedException {
        KafkaPreflight.check(config);
        RegistryPreflight.check(config, warning -> System.out.println("warning: " + warning));
        Optional<String> stored = StoredJob.newestCheckpoint(cluster);
        if (stored.isPresent() && (startOptions.beginAgain() || startOptions.rollBack())) {
            throw new PreflightException(
                    "Flink has stored the checkpoint "
                            + stored.get()
                            + " for high availability, and continues from it. Remove --begin-again"
                            + " and --roll-back, or set another high-availability.cluster-id");
        }
        Configuration flink = new Configuration(cluster);
        flink.addAll(Configuration.fromMap(config.flink()));
        String path = stored.orElse(flink.get(StateRecoveryOptions.SAVEPOINT_PATH));
        JobStart start =
                JobStart.decide(
                        config,
                        startOptions,
                        path == null ? null : checkpoint(path),
                        System.out::println);
        System.out.println("the job " + String.join("\n", start.message()));
        return start;
    }

    private static JobCheckpoint checkpoint(String path) throws PreflightException {
        try {
            return JobCheckpoint.read(path);
        } catch (IOException e) {
            throw new PreflightException(
                    "the checkpoint " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static <T> void setUnlessGiven(
            StreamExecutionEnvironment env, Configuration flink, ConfigOption<T> option, T value) {
        if (!flink.contains(option) && env.getConfiguration().getOptional(option).isEmpty()) {
            flink.set(option, value);
        }
    }

    /** Sets the options of Flink that the job relies on. */
    static void configure(StreamExecutionEnvironment env, JobConfig config) {
        Configuration flink = Configuration.fromMap(config.flink());
        flink.set(PipelineOptions.OBJECT_REUSE, true);
        flink.set(PipelineOptions.GENERIC_TYPES, false);
        flink.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        // So that a job that has ended in any way can continue, from an older checkpoint if need
        // be.
        setUnlessGiven(
                env,
                flink,
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        if (config.kind() == JobKind.SCORE) {
            setUnlessGiven(env, flink, ExecutionOptions.BUFFER_TIMEOUT, HAND_OVER_INTERVAL);
        }
        env.configure(flink);
        env.setParallelism(config.parallelism());
        env.enableCheckpointing(
                config.checkpointInterval().toMillis(), CheckpointingMode.EXACTLY_ONCE);
    }
}
