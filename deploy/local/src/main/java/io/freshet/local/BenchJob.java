package io.freshet.local;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaAdmin;
import io.freshet.publish.Topic;
import io.freshet.schemas.MetricsEvent;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;

/** A configuration of the job in {@code freshet bench}, with its measured rates and CPU times. */
final class BenchJob {
    /** Fraction of a run's events before its rate is measured. */
    static final double START_UP = 0.2;

    /** Part of a run's events at its end whose rate is not measured: one in this number. */
    private static final long END = 100;

    private final List<String> overrides;
    private final List<Double> rates = new ArrayList<>();
    private final Map<String, Long> cpu = new TreeMap<>();
    private long compilationNanos;

    /**
     * @param overrides settings as {@code KEY=VALUE}, beside those of all runs
     */
    BenchJob(List<String> overrides) {
        this.overrides = List.copyOf(overrides);
    }

    /** Returns the settings beside those of all runs. */
    List<String> overrides() {
        return overrides;
    }

    /** Returns the events per second of each run. */
    List<Double> rates() {
        return Collections.unmodifiableList(rates);
    }

    /** Returns the CPU time of all runs in nanoseconds, by group of threads. */
    Map<String, Long> cpu() {
        return Collections.unmodifiableMap(cpu);
    }

    /** Returns the elapsed time of the JIT compiler during all runs. */
    long compilationNanos() {
        return compilationNanos;
    }

    /**
     * Runs the job until it has read all events, and measures its rate.
     *
     * @param number number of the run, from 1 on, with those of other configurations
     * @param events number of events in the job's topic
     */
    void run(JobConfig config, int number, long events, ShutdownStack open) throws Exception {
        long before = compilationNanosOfProcess();
        runToEnd(config, cpu, open);
        compilationNanos += compilationNanosOfProcess() - before;
        rates.add(
                switch (config.kind()) {
                    case LEARN -> rateByMetrics(config, number, events);
                    case SCORE -> rateByPredictions(config, events);
                });
    }

    /** Discards the measurements of the warm-up runs. */
    void forget() {
        rates.clear();
        cpu.clear();
        compilationNanos = 0;
    }

    /** Returns the time of the process's JIT compiler so far; 0 for a JVM without one. */
    private static long compilationNanosOfProcess() {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        return compiler == null
                ? 0
                : TimeUnit.MILLISECONDS.toNanos(compiler.getTotalCompilationTime());
    }

    /**
     * Runs a job until it has read all events of its topic.
     *
     * @param cpu receives the CPU times of its threads. Modified.
     */
    static void runToEnd(JobConfig config, Map<String, Long> cpu, ShutdownStack open)
            throws Exception {
        LocalCluster cluster = open.add(LocalCluster.start(config, LocalCluster.ANY_PORT));
        try {
            SourceProgress progress = SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
            JobSupervisor supervisor = new JobSupervisor(cluster, System.err::println);
            while (!progress.isComplete()) {
                if (supervisor.check().isGloballyTerminalState()) {
                    throw new JobFailedException("the job ended before it had read everything");
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
            addCpuTimes(cpu);
            cluster.stopWithDrain();
        } finally {
            open.close(cluster);
        }
    }

    /** Returns the events per second from the first to the last metrics record that is measured. */
    private static double rateByMetrics(JobConfig config, int run, long events) {
        List<long[]> points = new ArrayList<>();
        long[] begun = {0};
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS))) {
            reader.readToEnd(
                    record -> {
                        MetricsEvent event = AuditReader.read(AuditReader.METRICS, record);
                        if (event.getSequence() == 0) {
                            begun[0]++;
                            points.clear();
                        }
                        if (event.getExamplesSeen() >= events * START_UP) {
                            points.add(new long[] {event.getExamplesSeen(), record.timestamp()});
                        }
                    });
        }
        if (begun[0] != run || points.size() < 3) {
            throw new IllegalStateException(
                    "run "
                            + run
                            + " cannot be measured: it published "
                            + points.size()
                            + " metrics records after the first fifth of the events; the topic has"
                            + " those of "
                            + begun[0]
                            + " runs");
        }
        long[] first = points.get(0);
        // The last records, at the end of input, are left out: the source is idle before them.
        long[] last = first;
        for (long[] point : points) {
            if (point[0] > last[0] && point[0] <= events - events / END) {
                last = point;
            }
        }
        return (last[0] - first[0]) * 1e3 / (last[1] - first[1]);
    }

    /**
     * Returns the events per second between the times at which predictions were written, and
     * deletes their topic, which must be the run's own.
     */
    private static double rateByPredictions(JobConfig config, long events) throws Exception {
        String topic = config.publish().topic(Topic.PREDICTIONS);
        long[] times = new long[Math.toIntExact(events)];
        int[] count = {0};
        try (TopicReader reader = new TopicReader(config.kafka().client(), topic)) {
            reader.readToEnd(
                    record -> {
                        if (count[0] < times.length) {
                            times[count[0]] = record.timestamp();
                        }
                        count[0]++;
                    });
        }
        if (count[0] != events) {
            throw new IllegalStateException(
                    "the run cannot be measured: topic "
                            + topic
                            + " has "
                            + count[0]
                            + " predictions of "
                            + events
                            + " events");
        }
        try (Admin admin = KafkaAdmin.create(config.kafka())) {
            admin.deleteTopics(List.of(topic)).all().get();
        }
        Arrays.sort(times); // subtasks write in turns
        int first = (int) (events * START_UP);
        int last = (int) (events - events / END) - 1;
        return (last - first) * 1e3 / (times[last] - times[first]);
    }

    private static void addCpuTimes(Map<String, Long> cpu) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null) {
                String group = group(thread.getThreadName());
                if (!group.isEmpty()) {
                    cpu.merge(group, threads.getThreadCpuTime(thread.getThreadId()), Long::sum);
                }
            }
        }
    }

    /**
     * Returns the row of the table of CPU times in which a thread is counted, or "" if it is not
     * counted. The broker's threads are not: they live through all runs, whereas a job's threads
     * end with its run.
     */
    private static String group(String thread) {
        if (thread.startsWith("Source Data Fetcher")) {
            return "Kafka consumer (fetch and decompress)";
        }
        if (thread.matches(".*\\([0-9]+/[0-9]+\\)#[0-9]+")) {
            return thread.replaceAll(" \\([0-9]+/[0-9]+\\)#[0-9]+", "");
        }
        if (thread.startsWith("kafka-producer-network-thread")) {
            return "Kafka producer";
        }
        return "";
    }
}
