package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessSpec;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/**
 * Flink session cluster: a JobManager and a TaskManager, each in its own process with Flink and the
 * jars that {@code freshet jars} copies on its class path. Each submission loads the job from its
 * jar in a new class loader.
 */
final class SessionCluster implements AutoCloseable {
    /** The jar of the job, as submitted with {@code flink run}. */
    static final Path JOB_JAR = Path.of(System.getProperty("freshet.job-jar"));

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

    private static final Pattern RPC =
            Pattern.compile("Actor system started at pekko\\.tcp://flink@localhost:(\\d+)");
    private static final Pattern REST = Pattern.compile("Rest endpoint listening at (\\S+:\\d+)");

    private final JavaProcess jobManager;
    private final JavaProcess taskManager;
    private final URI rest;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    private SessionCluster(JavaProcess jobManager, JavaProcess taskManager, URI rest) {
        this.jobManager = jobManager;
        this.taskManager = taskManager;
        this.rest = rest;
    }

    /**
     * Starts both processes on free loopback ports, with as much memory as Flink's scripts assign.
     *
     * @param directory empty directory for everything that they write
     * @param settings Flink's settings
     */
    static SessionCluster start(Path directory, Map<String, String> settings) throws IOException {
        Map<String, String> all = new TreeMap<>(settings);
        all.put("jobmanager.rpc.address", "localhost");
        all.put("jobmanager.rpc.port", "0");
        all.put("jobmanager.bind-host", "localhost");
        all.put("rest.address", "localhost");
        all.put("rest.bind-address", "localhost");
        all.put("rest.bind-port", "0");
        all.put("web.refresh-interval", "50 ms");
        all.put("taskmanager.host", "localhost");
        all.put("taskmanager.bind-host", "localhost");
        all.put("execution.checkpointing.dir", directory.resolve("checkpoints").toUri().toString());
        int exitCode =
                Freshet.commandLine().execute("jars", "--lib", directory.resolve("lib").toString());
        if (exitCode != 0) {
            throw new AssertionError("freshet jars ended with " + exitCode);
        }
        Path conf = Files.createDirectory(directory.resolve("conf"));
        Files.write(
                conf.resolve("config.yaml"),
                all.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList());
        Configuration flink = Configuration.fromMap(all);
        JavaProcess jobManager = jobManager(directory, conf, flink);
        JavaProcess taskManager = null;
        try {
            String rpcPort = awaitOutput(jobManager, RPC);
            URI rest = URI.create("http://" + awaitOutput(jobManager, REST));
            taskManager = taskManager(directory, conf, flink, rpcPort);
            SessionCluster cluster = new SessionCluster(jobManager, taskManager, rest);
            cluster.awaitSlot();
            return cluster;
        } catch (IOException | RuntimeException | Error e) {
            if (taskManager != null) {
                taskManager.close();
            }
            jobManager.close();
            throw e;
        }
    }

    private static JavaProcess jobManager(Path directory, Path conf, Configuration flink)
            throws IOException {
        JobManagerProcessSpec memory = JobManagerProcessUtils.processSpecFromConfig(flink);
        return process(
                Files.createDirectory(directory.resolve("jobmanager")),
                JobManagerProcessUtils.generateJvmParametersStr(memory, flink),
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
                "--configDir " + conf);
    }

    private static JavaProcess taskManager(
            Path directory, Path conf, Configuration flink, String rpcPort) throws IOException {
        TaskExecutorProcessSpec memory = TaskExecutorProcessUtils.processSpecFromConfig(flink);
        return process(
                Files.createDirectory(directory.resolve("taskmanager")),
                ProcessMemoryUtils.generateJvmParametersStr(memory),
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                "--configDir "
                        + conf
                        + " -D jobmanager.rpc.port="
                        + rpcPort
                        + " "
                        + TaskExecutorProcessUtils.generateDynamicConfigsStr(memory));
    }

    private static JavaProcess process(
            Path directory, String options, String main, String arguments) throws IOException {
        String distribution =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                        .map(Path::of)
                        .filter(Files::isRegularFile)
                        .filter(jar -> DISTRIBUTION.matcher(jar.getFileName().toString()).matches())
                        .map(Path::toString)
                        .collect(Collectors.joining(File.pathSeparator));
        return JavaProcess.start(
                directory,
                ONE_ARENA,
                words(options + " -XX:+UseG1GC -XX:+AlwaysPreTouch -Dlog4j2.level=INFO"),
                // Flink's scripts put the other jars of lib/ before that of Flink.
                directory.resolveSibling("lib") + "/*" + File.pathSeparator + distribution,
                main,
                words(arguments).toArray(String[]::new));
    }

    private static List<String> words(String text) {
        return Pattern.compile(" +").splitAsStream(text.strip()).toList();
    }

    private static String awaitOutput(JavaProcess process, Pattern pattern) {
        JobOnKafka.await(
                pattern.pattern(),
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("ended:\n" + process.output());
                    }
                    return pattern.matcher(process.output()).find();
                });
        Matcher matcher = pattern.matcher(process.output());
        matcher.find();
        return matcher.group(1);
    }

    JavaProcess jobManager() {
        return jobManager;
    }

    JavaProcess taskManager() {
        return taskManager;
    }

    /** Returns the address of Flink's REST interface. */
    URI rest() {
        return rest;
    }

    /** Uploads the job's jar to the JobManager, and returns its id. */
    String upload() throws IOException {
        String boundary = "the-jar";
        byte[] head =
                ("--"
                                + boundary
                                + "\r\nContent-Disposition: form-data; name=\"jarfile\";"
                                + " filename=\"job.jar\"\r\n"
                                + "Content-Type: application/x-java-archive\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8);
        byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8);
        JsonNode answer =
                ask(
                        HttpRequest.newBuilder(rest.resolve("/jars/upload"))
                                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                                .POST(
                                        BodyPublishers.concat(
                                                BodyPublishers.ofByteArray(head),
                                                BodyPublishers.ofFile(JOB_JAR),
                                                BodyPublishers.ofByteArray(tail))));
        return Path.of(answer.path("filename").asText()).getFileName().toString();
    }

    /** Runs the jar in the JobManager, and returns the job's id. */
    String run(String jar, List<String> arguments) throws IOException {
        String body = json.writeValueAsString(Map.of("programArgsList", arguments));
        return ask(HttpRequest.newBuilder(rest.resolve("/jars/" + jar + "/run"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body)))
                .path("jobid")
                .asText();
    }

    /** Cancels the job and waits for its end. */
    void cancel(String job) {
        ask(
                HttpRequest.newBuilder(rest.resolve("/jobs/" + job + "?mode=cancel"))
                        .method("PATCH", BodyPublishers.noBody()));
        JobOnKafka.await(
                "the job's end",
                () -> get("/jobs/" + job).path("state").asText().equals("CANCELED"));
        awaitSlot();
    }

    private void awaitSlot() {
        JobOnKafka.await(
                "a free slot", () -> get("/overview").path("slots-available").asInt() == 1);
    }

    private JsonNode get(String path) {
        return ask(HttpRequest.newBuilder(rest.resolve(path)));
    }

    private JsonNode ask(HttpRequest.Builder request) {
        for (JavaProcess process : List.of(jobManager, taskManager)) {
            if (!process.isAlive()) {
                throw new AssertionError("ended:\n" + process.output());
            }
        }
        try {
            var answer = http.send(request.build(), BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2) {
                throw new AssertionError(answer + ": " + answer.body());
            }
            return json.readTree(answer.body());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        taskManager.close();
        jobManager.close();
    }
}
