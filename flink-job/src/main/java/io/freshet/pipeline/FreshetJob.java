package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.KeyReference;
import io.freshet.config.SettingsSource;
import io.freshet.ingest.RawMessage;
import io.freshet.publish.Publication;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
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
        assemble(env, config, start(env, config));
        env.execute(config.jobName());
        return 0;
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
        PublicationStreams publications =
                FreshetPipeline.publish(
                        FreshetPipeline.learn(messages, config), config, start.identity());
        DataStream<Publication> exactlyOnce =
                switch (config.monitor().delivery()) {
                    case EXACTLY_ONCE -> publications.others().union(publications.metrics());
                    case AT_LEAST_ONCE -> {
                        publications
                                .metrics()
                                .sinkTo(
                                        KafkaConnectors.atLeastOnce(
                                                config.kafka(), config.publish()))
                                .name("publish at once")
                                .uid("publish-at-once");
                        yield publications.others();
                    }
                };
        exactlyOnce
                .sinkTo(
                        KafkaConnectors.exactlyOnce(
                                config.kafka(), config.publish(), start.identity()))
                .name("publish")
                .uid("publish");
    }

    private JobStart start(StreamExecutionEnvironment env, JobConfig config)
            throws PreflightException, InterruptedException {
        Configuration flink = new Configuration();
        flink.addAll(Configuration.fromMap(env.getConfiguration().toMap()));
        flink.addAll(Configuration.fromMap(config.flink()));
        StoredJob stored = StoredJob.find(flink);
        if (stored.isRecovered()) {
            System.out.println("the job continues as it was submitted, after a failover of Flink");
            return JobStart.first(config);
        }
        KafkaPreflight.check(config);
        String path =
                stored.checkpoint() == null
                        ? flink.get(StateRecoveryOptions.SAVEPOINT_PATH)
                        : stored.checkpoint();
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
        env.configure(flink);
        env.setParallelism(config.parallelism());
        env.enableCheckpointing(
                config.checkpointInterval().toMillis(), CheckpointingMode.EXACTLY_ONCE);
    }
}
