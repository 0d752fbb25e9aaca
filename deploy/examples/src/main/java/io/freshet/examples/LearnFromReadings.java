package io.freshet.examples;

import io.freshet.ingest.Example;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.Score;
import io.freshet.pipeline.FreshetPipeline;
import io.freshet.pipeline.FreshetStreams;
import io.freshet.pipeline.PipelineConfig;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Job that learns from the readings of a pump whether it will fail, without Kafka: it tests the
 * model on each reading, trains on it, and prints the model's metrics. A reading whose outcome is
 * not known yet is predicted.
 *
 * <p>{@link #readings} stands for the source of your own job.
 */
public final class LearnFromReadings {
    private static final int READINGS = 20_000;

    private LearnFromReadings() {}

    /** Runs the job in this process, or on the cluster to which it is submitted. */
    public static void main(String[] args) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(1);
        FreshetStreams results = learn(readings(env));
        results.metrics().map(LearnFromReadings::text).returns(Types.STRING).print();
        results.predictions()
                .filter(prediction -> prediction.predictedClass() == 1)
                .map(prediction -> prediction.id() + " will probably fail")
                .returns(Types.STRING)
                .print();
        env.execute("learn from readings");
    }

    /** Adds a learner to a stream of examples of three features. */
    static FreshetStreams learn(DataStream<Example> examples) {
        return FreshetPipeline.learnExamples(
                examples,
                PipelineConfig.parse(
                        Map.of(
                                "num-features", "3",
                                "classes", "runs,fails",
                                "metrics.every", "5000")));
    }

    /** Returns readings of which every hundredth has no outcome yet. */
    static DataStream<Example> readings(StreamExecutionEnvironment env) {
        return env.fromSequence(0, READINGS - 1)
                .map(LearnFromReadings::reading)
                .returns(TypeInformation.of(Example.class));
    }

    private static Example reading(long number) {
        SplittableRandom random = new SplittableRandom(number);
        boolean fails = random.nextInt(4) == 0;
        float temperature = (float) (60 + 5 * random.nextGaussian() + (fails ? 12 : 0));
        float vibration = (float) (1 + 0.3 * random.nextGaussian() + (fails ? 0.8 : 0));
        float pressure = (float) (8 + random.nextGaussian());
        Example.Builder example =
                Example.of(temperature, vibration, pressure)
                        .id("reading " + number)
                        .timestamp(Instant.ofEpochSecond(1_700_000_000 + number));
        return (number % 100 == 99 ? example : example.label(fails ? "fails" : "runs")).build();
    }

    private static String text(RollingMetrics metrics) {
        return String.format(
                Locale.ROOT,
                "%,d examples: loss %.4f, accuracy %.4f",
                metrics.progress().examplesSeen(),
                metrics.rolling().get(Score.LOSS),
                metrics.rolling().get(Score.ACCURACY));
    }
}
