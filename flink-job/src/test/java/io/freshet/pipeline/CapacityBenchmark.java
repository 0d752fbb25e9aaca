package io.freshet.pipeline;

import com.sun.management.OperatingSystemMXBean;
import io.freshet.ingest.Messages;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.BlockEvaluation;
import io.freshet.model.device.Backend;
import io.freshet.publish.JobIdentity;
import io.freshet.publish.Publication;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiter;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * Benchmark of what models cost: heap, native memory, state, checkpoints and CPU, by number of
 * models, state backend, size and learner. The job runs without Kafka, in a fresh process for each
 * row: a generator instead of the source, and its results are encoded, and discarded.
 *
 * <p>The first table has more models than {@code models.max}; ids are drawn uniformly, the worst
 * case for models that are evicted. Its rates are divided by that of the same number of events of
 * as many models as fit. The second table has the cost of each model whose windows are full.
 */
public final class CapacityBenchmark {
    private static final int FIT = 1_000;
    private static final int MANY = 100 * FIT;
    private static final int STEADY = 20_000;

    /** Number of events of each model after which all its windows are full. */
    private static final int FULL = 1_100;

    private static final String HEAP_OF_PROCESS = "heap";
    private static final String RESULT = "RESULT ";
    private static final long SEED = 17;

    // Of the process that measures one row; the source and the sinks run in it.
    private static final AtomicLong LIMIT = new AtomicLong();
    private static final AtomicLong LEARNT = new AtomicLong();
    private static volatile CompletableFuture<Void> gate = new CompletableFuture<>();

    private CapacityBenchmark() {}

    /**
     * Prints both tables, or one.
     *
     * @param args {@code models} for the first table, {@code sizes} for the second, or none
     */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].contains("=")) {
            measureHere(arguments(args));
            return;
        }
        String table = args.length == 0 ? "" : args[0];
        if (!table.equals("sizes")) {
            printModels();
        }
        if (!table.equals("models")) {
            printSizes();
        }
    }

    private static void printModels() throws Exception {
        System.out.printf(
                Locale.ROOT,
                "%n10 features, 5 classes, seven rates; models.max = %,d; CPU of the process in"
                        + " us%nper event; a full checkpoint (1) and one after %,d events (2) in s"
                        + " and%nMB; heap, native memory, and memory of the process in MB%n%n",
                FIT,
                STEADY);
        System.out.println(
                "backend   models events/s  ratio   CPU     1   MB     2   MB  heap native"
                        + " process");
        for (String backend : List.of("hashmap", "rocksdb")) {
            double reference = 0;
            for (int models : List.of(FIT, MANY)) {
                Map<String, String> row = new TreeMap<>();
                row.put("models", Integer.toString(models));
                row.put("backend", backend);
                row.put("learner.type", "softmax");
                row.put("fill", Integer.toString(MANY));
                row.put("steady", Integer.toString(STEADY));
                row.put("models.max", Integer.toString(FIT));
                row.put(HEAP_OF_PROCESS, "4g");
                Map<String, Double> result = measure(row);
                double rate = result.get("rate");
                reference = models == FIT ? rate : reference;
                System.out.printf(
                        Locale.ROOT,
                        "%-8s%,8d%9.0f%7.3f%6.0f%6.1f%5.0f%6.1f%5.0f%6.0f%7.0f%8.0f%n",
                        backend,
                        models,
                        rate,
                        rate / reference,
                        result.get("cpu"),
                        result.get("seconds1"),
                        result.get("size1") / 1e6,
                        result.get("seconds2"),
                        result.get("size2") / 1e6,
                        result.get("heap") / 1e6,
                        result.get("native") / 1e6,
                        result.get("process") / 1e6);
            }
        }
    }

    private static void printSizes() throws Exception {
        Map<String, Map<String, String>> learners = new TreeMap<>();
        learners.put("ensemble", Map.of());
        learners.put("seven rates", Map.of("learner.type", "softmax"));
        learners.put(
                "one rate", Map.of("learner.type", "softmax", "training.learning-rate", "0.01"));
        learners.put(
                "adam",
                Map.of(
                        "learner.type", "softmax",
                        "training.learning-rate", "0.001",
                        "training.optimizer", "adam"));
        System.out.printf(
                "%nper model with full windows, in kB; CPU of the process per event, in us%n%n");
        System.out.println("learner      features  classes    heap  native   state  CPU/event");
        for (Map.Entry<String, Map<String, String>> learner : learners.entrySet()) {
            for (int[] size : new int[][] {{10, 2}, {10, 10}, {100, 2}, {100, 10}, {500, 10}}) {
                int models = 100;
                Map<String, String> row = new TreeMap<>(learner.getValue());
                row.put("models", Integer.toString(models));
                row.put("backend", "rocksdb");
                row.put("fill", Integer.toString(models * FULL));
                row.put("steady", Integer.toString(models * FULL / 2));
                row.put("num-features", Integer.toString(size[0]));
                row.put("classes", Integer.toString(size[1]));
                row.put(HEAP_OF_PROCESS, "3g");
                Map<String, Double> result = measure(row);
                System.out.printf(
                        Locale.ROOT,
                        "%-12s %8d %8d %7.1f %7.1f %7.1f %10.1f%n",
                        learner.getKey(),
                        size[0],
                        size[1],
                        result.get("heap") / models / 1e3,
                        result.get("native") / models / 1e3,
                        result.get("state") / models / 1e3,
                        result.get("cpu"));
            }
        }
    }

    /** Measures a row in a process of its own. */
    private static Map<String, Double> measure(Map<String, String> row) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> !argument.startsWith("-Xmx"))
                .forEach(command::add);
        command.add("-Xmx" + row.get(HEAP_OF_PROCESS));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(CapacityBenchmark.class.getName());
        row.forEach((key, value) -> command.add(key + "=" + value));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        StringBuilder output = new StringBuilder();
        String result = null;
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(RESULT)) {
                    result = line.substring(RESULT.length());
                }
                output.append(line).append('\n');
            }
        }
        if (process.waitFor() != 0 || result == null) {
            throw new IOException(row + " failed:\n" + output);
        }
        Map<String, Double> values = new HashMap<>();
        arguments(result.split(" "))
                .forEach((key, value) -> values.put(key, Double.valueOf(value)));
        return values;
    }

    private static Map<String, String> arguments(String[] args) {
        Map<String, String> values = new TreeMap<>();
        for (String arg : args) {
            int separator = arg.indexOf('=');
            values.put(arg.substring(0, separator), arg.substring(separator + 1));
        }
        return values;
    }

    /** Measures a row in this process, and prints the result. */
    @SuppressWarnings("try") // closing the cluster may be interrupted
    private static void measureHere(Map<String, String> row) throws Exception {
        int models = Integer.parseInt(row.remove("models"));
        long fill = Long.parseLong(row.remove("fill"));
        long steady = Long.parseLong(row.remove("steady"));
        String backend = row.remove("backend");
        row.remove(HEAP_OF_PROCESS);
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "unused:1");
        settings.put("num-features", "10");
        settings.put("classes", "5");
        settings.putAll(row);
        JobConfig config = JobConfig.parse(settings);
        Path directory = Files.createTempDirectory("freshet-capacity");
        Configuration flink = new Configuration();
        flink.setString("state.backend.type", backend);
        flink.setString("execution.checkpointing.incremental", "true");
        flink.setString("execution.checkpointing.storage", "filesystem");
        flink.setString("execution.checkpointing.dir", directory.toUri().toString());
        flink.setString("taskmanager.memory.managed.size", "512m");
        flink.setString("rest.bind-port", "0");
        try (MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(flink)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(1)
                                .build())) {
            cluster.start();
            JobID job = cluster.submitJob(graph(flink, config, models)).get().getJobID();
            // Classes are loaded, and what all models share is allocated.
            learn(1);
            long heap = usedHeap();
            long bytes = Backend.allocatedBytes();
            learn(fill);
            CompletedCheckpointStats first = checkpoint(cluster, job);
            long cpu = cpuNanos();
            long start = System.nanoTime();
            learn(steady);
            double seconds = (System.nanoTime() - start) / 1e9;
            cpu = cpuNanos() - cpu;
            CompletedCheckpointStats second = checkpoint(cluster, job);
            System.out.println(
                    RESULT
                            + ("rate=" + steady / seconds)
                            + (" cpu=" + cpu / 1e3 / steady)
                            + (" seconds1=" + first.getEndToEndDuration() / 1e3)
                            + (" size1=" + first.getCheckpointedSize())
                            + (" seconds2=" + second.getEndToEndDuration() / 1e3)
                            + (" size2=" + second.getCheckpointedSize())
                            + (" state=" + second.getStateSize())
                            + (" heap=" + (usedHeap() - heap))
                            + (" native=" + (Backend.allocatedBytes() - bytes))
                            + (" process=" + Backend.processBytes()));
            cluster.cancelJob(job).get();
        } finally {
            delete(directory);
        }
    }

    private static StreamGraph graph(Configuration flink, JobConfig config, int models) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(flink);
        FreshetJob.configure(env, config);
        env.getCheckpointConfig().setCheckpointInterval(TimeUnit.DAYS.toMillis(1));
        int numFeatures = config.ingest().numFeatures();
        int numClasses = config.ingest().classes().size();
        DataStream<RawMessage> messages =
                env.fromSource(
                                new DataGeneratorSource<>(
                                        index -> message(index, models, numFeatures, numClasses),
                                        Long.MAX_VALUE,
                                        new GateStrategy(),
                                        TypeInformation.of(RawMessage.class)),
                                WatermarkStrategy.noWatermarks(),
                                "events")
                        .uid("labelled-events");
        FreshetStreams streams = FreshetPipeline.learn(messages, config);
        streams.evaluations()
                .map(CapacityBenchmark::count, Types.LONG)
                .uid("count")
                .sinkTo(new DiscardingSink<>())
                .uid("counted");
        PublicationStreams publications =
                FreshetPipeline.publish(streams, config, JobIdentity.first("capacity"));
        publications
                .others()
                .union(publications.metrics())
                .sinkTo(new DiscardingSink<Publication>())
                .uid("publish");
        return env.getStreamGraph();
    }

    private static long count(BlockEvaluation evaluation) {
        return LEARNT.addAndGet(evaluation.scored().length());
    }

    /** Every model gets one event, in turn, and further ones at random. */
    private static RawMessage message(long index, int models, int numFeatures, int numClasses) {
        SplittableRandom random = new SplittableRandom(SEED + index);
        long model = index < models ? index : random.nextInt(models);
        int label = random.nextInt(numClasses);
        Float[] features = new Float[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            features[f] = (float) random.nextDouble(-1, 1) + (f % numClasses == label ? 1 : 0);
        }
        return Messages.message(
                index,
                LabelledEvent.newBuilder()
                        .setId(Long.toString(index))
                        .setModelId("model-" + model)
                        .setTimestamp(Instant.ofEpochMilli(index))
                        .setFeatures(new DenseFeatures(Arrays.asList(features)))
                        .setLabel(label)
                        .setWeight(1)
                        .build());
    }

    /** Lets the source emit more events, and waits until the models have learnt them. */
    private static void learn(long events) {
        long target = LIMIT.addAndGet(events);
        gate.complete(null);
        while (LEARNT.get() < target) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private static CompletedCheckpointStats checkpoint(MiniCluster cluster, JobID job)
            throws Exception {
        cluster.triggerCheckpoint(job, CheckpointType.DEFAULT).get();
        return cluster.getExecutionGraph(job)
                .get()
                .getCheckpointStatsSnapshot()
                .getHistory()
                .getLatestCompletedCheckpoint();
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long smallest = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            smallest = Math.min(smallest, runtime.totalMemory() - runtime.freeMemory());
        }
        return smallest;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Strategy by which the source emits as many events as are allowed, without blocking. */
    private static final class GateStrategy implements RateLimiterStrategy<SourceSplit> {
        private static final long serialVersionUID = 1;

        @Override
        public RateLimiter<SourceSplit> createRateLimiter(int parallelism) {
            return new RateLimiter<>() {
                private long emitted;

                @Override
                public CompletionStage<Void> acquire(int events) {
                    emitted += events;
                    if (emitted <= LIMIT.get()) {
                        return CompletableFuture.completedFuture(null);
                    }
                    CompletableFuture<Void> next = new CompletableFuture<>();
                    gate = next;
                    if (emitted <= LIMIT.get()) {
                        next.complete(null); // allowed meanwhile
                    }
                    return next;
                }
            };
        }
    }
}
