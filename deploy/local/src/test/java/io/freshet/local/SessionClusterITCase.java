package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Integration test that consecutive jobs on a session cluster leave nothing in its processes. */
class SessionClusterITCase {
    private static final int ROUNDS = 20;

    /** Number of jobs after which the code that all jobs share is loaded and compiled. */
    private static final int WARM = 5;

    private static final int NUM_FEATURES = 2_000;
    private static final String CLASSES = "a,b,c,d,e,f,g,h,i,j";
    private static final int NUM_MODELS = 16;

    /**
     * Settings with a limited metaspace. In each of JobManager and TaskManager, the classes of the
     * JVM, Flink and ND4J need 60 MB, and those of a job about 20 MB, so that the classes of six
     * jobs fit.
     */
    static final Map<String, String> SMALL =
            Map.of(
                    "jobmanager.memory.process.size", "736m",
                    "jobmanager.memory.jvm-metaspace.size", "192m",
                    "taskmanager.memory.process.size", "960m",
                    "taskmanager.memory.jvm-metaspace.size", "192m",
                    "taskmanager.memory.managed.size", "32m",
                    "taskmanager.memory.network.max", "64m");

    /**
     * Maximum growth in memory, in bytes. If fifteen jobs leaked their models, with seven learning
     * rates each, memory would grow by 130 MB.
     */
    private static final long GROWTH = 64 << 20;

    @Test
    void twentyJobs_leaveNothingBehindInEitherProcess(@TempDir Path directory) throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                SessionCluster cluster = SessionCluster.start(directory, SMALL)) {
            String jar = cluster.upload();
            long whenWarm = 0;
            for (int round = 1; round <= ROUNDS; round++) {
                // A job with topics of its own, as one without state must not find results.
                Map<String, String> settings =
                        JobOnKafka.settings(kafka, "session" + round, NUM_FEATURES, CLASSES);
                JobConfig config = JobConfig.parse(settings);
                Topics.create(config.topics(), 1);
                JobOnKafka.send(config, events());
                List<String> arguments = new ArrayList<>();
                settings.forEach(
                        (key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
                String job = cluster.run(jar, arguments);
                try (TopicReader metrics =
                        new TopicReader(
                                config.kafka().client(), config.publish().topic(Topic.METRICS))) {
                    JobOnKafka.await("the job's first metrics", () -> startsAnew(metrics));
                }
                cluster.cancel(job);
                if (round == WARM) {
                    awaitJobsGone(cluster);
                    whenWarm = cluster.taskManager().residentBytes();
                }
            }

            awaitJobsGone(cluster);
            assertThat(cluster.taskManager().residentBytes()).isLessThan(whenWarm + GROWTH);
        }
    }

    private static List<byte[]> events() {
        String[] models =
                IntStream.range(0, NUM_MODELS).mapToObj(i -> "m" + i).toArray(String[]::new);
        return JobOnKafka.events(1, 40 * NUM_MODELS, NUM_FEATURES, 10, models).stream()
                .map(JobOnKafka::bytes)
                .toList();
    }

    /** Returns whether new metrics have sequence number 0, as those of a job without state do. */
    private static boolean startsAnew(TopicReader metrics) {
        boolean first = false;
        for (var record : metrics.poll(Duration.ofMillis(100))) {
            first |= AuditReader.read(AuditReader.METRICS, record).getSequence() == 0;
        }
        return first;
    }

    /**
     * Waits until the jobs' class loaders have been garbage-collected. The last job's class loader
     * remains, because the JDK's method handles refer to it; so does the first job's in the
     * TaskManager, because of JavaCPP's thread.
     */
    private static void awaitJobsGone(SessionCluster cluster) {
        JobOnKafka.await(
                "the class loaders of the JobManager to go",
                () -> jobClassLoaders(cluster.jobManager()) <= 1);
        JobOnKafka.await(
                "the class loaders of the TaskManager to go",
                () -> jobClassLoaders(cluster.taskManager()) <= 2);
    }

    private static long jobClassLoaders(JavaProcess process) {
        return process.liveInstances("org.apache.flink.util.ChildFirstClassLoader");
    }
}
