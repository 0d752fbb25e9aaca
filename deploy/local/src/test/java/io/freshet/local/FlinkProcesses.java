package io.freshet.local;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessSpec;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/**
 * Processes of a Flink distribution, started from jars with as much memory as Flink's scripts
 * assign. Flink and the jars that {@code freshet jars} copies are on their class path.
 */
public final class FlinkProcesses {
    /** The jar of the job, as submitted with {@code flink run}. */
    public static final Path JOB_JAR = Path.of(System.getProperty("freshet.job-jar", ""));

    /**
     * The jars of a Flink distribution: of Flink, and the libraries that its own jar contains.
     * Those of ND4J are not among them.
     */
    private static final Pattern DISTRIBUTION =
            Pattern.compile(
                    "(flink-(?!connector-kafka)|log4j-|slf4j-api|async-profiler|frocksdbjni"
                            + "|commons-(cli|collections-|compress|io|lang3|math3|text)|javassist"
                            + "|jsr305|kryo|minlog|objenesis|reflectasm|snakeyaml-engine"
                            + "|snappy-java|zstd-jni).*");

    /**
     * Limits glibc's malloc to one arena, so that memory freed by one job's threads is reused by
     * the next. With an arena for each thread, memory grows for some dozens of jobs before it
     * levels out.
     */
    private static final Map<String, String> ONE_ARENA = Map.of("MALLOC_ARENA_MAX", "1");

    /** Directory of the classes of the tests, for {@link ApplicationCluster}. */
    private static final Path OWN_CLASSES =
            Path.of(
                    URI.create(
                            FlinkProcesses.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toString()));

    /** Settings of all processes: they listen on the loopback interface only. */
    private static final Map<String, String> LOOPBACK =
            Map.of(
                    "jobmanager.rpc.address", "localhost",
                    "jobmanager.bind-host", "localhost",
                    "rest.address", "localhost",
                    "rest.bind-address", "localhost",
                    "rest.bind-port", "0",
                    "taskmanager.host", "localhost",
                    "taskmanager.bind-host", "localhost");

    private final Path directory;
    private final Path conf;
    private final Configuration flink;

    private FlinkProcesses(Path directory, Path conf, Configuration flink) {
        this.directory = directory;
        this.conf = conf;
        this.flink = flink;
    }

    /**
     * Writes Flink's configuration, and copies the jars for its {@code lib/}.
     *
     * @param directory empty directory for everything that the processes write
     * @param settings Flink's settings
     */
    public static FlinkProcesses prepare(Path directory, Map<String, String> settings)
            throws IOException {
        int exitCode =
                Freshet.commandLine()
                        .setOut(new PrintWriter(Writer.nullWriter()))
                        .execute("jars", "--lib", directory.resolve("lib").toString());
        if (exitCode != 0) {
            throw new AssertionError("freshet jars ended with " + exitCode);
        }
        Path conf = Files.createDirectory(directory.resolve("conf"));
        Map<String, String> all = new TreeMap<>(LOOPBACK);
        all.putAll(settings);
        Files.write(
                conf.resolve("config.yaml"),
                all.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList());
        return new FlinkProcesses(directory, conf, Configuration.fromMap(all));
    }

    /**
     * Returns settings of a cluster with high availability, which detects faults within seconds.
     *
     * @param directory directory of what is stored
     * @param zooKeeperPort port of {@link #zooKeeper}
     */
    public static Map<String, String> highAvailability(Path directory, int zooKeeperPort) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("high-availability.type", "zookeeper");
        settings.put("high-availability.zookeeper.quorum", "localhost:" + zooKeeperPort);
        settings.put("high-availability.storageDir", directory.resolve("ha").toUri().toString());
        settings.put("high-availability.cluster-id", "/freshet");
        // Shorter than the defaults, so that faults are found out within seconds.
        settings.put("heartbeat.interval", "1 s");
        settings.put("heartbeat.timeout", "5 s");
        settings.put("high-availability.zookeeper.client.session-timeout", "6 s");
        settings.put("high-availability.zookeeper.client.connection-timeout", "4 s");
        settings.put("high-availability.zookeeper.client.retry-wait", "500 ms");
        return settings;
    }

    /** Starts a ZooKeeper server, with its data in its own directory. */
    public JavaProcess zooKeeper(int port) throws IOException {
        Path config = Files.createDirectories(directory.resolve("zookeeper")).resolve("zoo.cfg");
        Files.write(
                config,
                List.of(
                        "tickTime=500",
                        "dataDir=" + directory.resolve("zookeeper").resolve("data"),
                        "clientPort=" + port,
                        "clientPortAddress=localhost",
                        "admin.enableServer=false"));
        return start(
                "zookeeper",
                "-Xmx128m -XX:TieredStopAtLevel=1",
                "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer",
                List.of("--zkConfigFile", config.toString(), "--peerId", "1"));
    }

    /**
     * Starts a JobManager.
     *
     * @param name name of its directory
     */
    public JavaProcess jobManager(String name) throws IOException {
        return start(
                name,
                jobManagerOptions(),
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
                List.of("--configDir", conf.toString()));
    }

    /**
     * Starts a JobManager that runs the job itself, in application mode.
     *
     * @param name name of its directory
     * @param arguments arguments of the job
     */
    JavaProcess applicationManager(String name, List<String> arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(conf.toString(), JOB_JAR.toString()));
        all.addAll(arguments);
        return start(name, jobManagerOptions(), ApplicationCluster.class.getName(), all);
    }

    private String jobManagerOptions() {
        JobManagerProcessSpec memory = JobManagerProcessUtils.processSpecFromConfig(flink);
        return JobManagerProcessUtils.generateJvmParametersStr(memory, flink)
                + " -XX:+AlwaysPreTouch";
    }

    /**
     * Starts a TaskManager.
     *
     * @param name name of its directory
     * @param settings settings of this one, in addition to those of all
     */
    public JavaProcess taskManager(String name, Map<String, String> settings) throws IOException {
        TaskExecutorProcessSpec memory = TaskExecutorProcessUtils.processSpecFromConfig(flink);
        String dynamic =
                settings.entrySet().stream()
                        .map(e -> " -D " + e.getKey() + "=" + e.getValue())
                        .collect(Collectors.joining());
        return start(
                name,
                ProcessMemoryUtils.generateJvmParametersStr(memory) + " -XX:+AlwaysPreTouch",
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                words(
                        "--configDir "
                                + conf
                                + dynamic
                                + " "
                                + TaskExecutorProcessUtils.generateDynamicConfigsStr(memory)));
    }

    /**
     * Starts Flink's command line client, as the script {@code flink} does.
     *
     * @param name name of its directory
     */
    public JavaProcess client(String name, List<String> arguments) throws IOException {
        return start(
                name,
                "-Xmx256m -XX:TieredStopAtLevel=1",
                "org.apache.flink.client.cli.CliFrontend",
                arguments);
    }

    /**
     * Starts a main class of the distribution.
     *
     * @param name name of its directory
     * @param options JVM options, separated by spaces
     */
    public JavaProcess start(String name, String options, String main, List<String> arguments)
            throws IOException {
        Map<String, String> environment = new HashMap<>(ONE_ARENA);
        environment.put("FLINK_CONF_DIR", conf.toString());
        environment.put("OMP_NUM_THREADS", "1");
        return JavaProcess.start(
                Files.createDirectories(directory.resolve(name)),
                environment,
                words(options + " -XX:+UseG1GC -Dlog4j2.level=INFO"),
                // Flink's scripts put the other jars of lib/ before that of Flink.
                String.join(
                        File.pathSeparator,
                        directory.resolve("lib") + "/*",
                        distribution(),
                        OWN_CLASSES.toString()),
                main,
                arguments.toArray(String[]::new));
    }

    private static String distribution() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(Path::of)
                .filter(Files::isRegularFile)
                .filter(jar -> DISTRIBUTION.matcher(jar.getFileName().toString()).matches())
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static List<String> words(String text) {
        return Pattern.compile(" +").splitAsStream(text.strip()).toList();
    }
}
