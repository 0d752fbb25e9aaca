package io.freshet.local.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.FlinkProcesses;
import io.freshet.local.JavaProcess;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Flink session cluster with high availability: ZooKeeper, two JobManagers and three TaskManagers
 * with a slot each, every one in a process of its own.
 */
final class ChaosFlink implements AutoCloseable {
    private static final int JOB_MANAGERS = 2;
    private static final int TASK_MANAGERS = 3;
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration REST_TIMEOUT = Duration.ofSeconds(5);
    private static final Pattern LEADERSHIP =
            Pattern.compile("(?m)^(\\S+) .*INFO (http://\\S+) (was granted|lost) leadership");

    /** Member of the cluster whose process can be started again. */
    static final class Node {
        private final String name;
        private JavaProcess process;

        private Node(String name, JavaProcess process) {
            this.name = name;
            this.process = process;
        }

        String name() {
            return name;
        }

        JavaProcess process() {
            return process;
        }
    }

    private final FlinkProcesses processes;
    private final Path checkpoints;
    private final JavaProcess zooKeeper;
    private final List<Node> jobManagers = new ArrayList<>();
    private final List<Node> taskManagers = new ArrayList<>();
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(REST_TIMEOUT).build();
    private final ObjectMapper json = new ObjectMapper();
    private int clients;

    private ChaosFlink(FlinkProcesses processes, Path checkpoints, JavaProcess zooKeeper) {
        this.processes = processes;
        this.checkpoints = checkpoints;
        this.zooKeeper = zooKeeper;
    }

    /**
     * Leadership that a JobManager has, or had when it was paused or killed.
     *
     * @param since time in the log, which sorts as text
     * @param rest address of its REST interface
     */
    private record Leadership(String since, Node node, String rest) {}

    /**
     * Starts the cluster and waits until it has a leader and all slots.
     *
     * @param directory empty directory for everything that the processes write
     */
    static ChaosFlink start(Path directory) throws Exception {
        int zooKeeperPort = EmbeddedKafka.freePorts()[0];
        Path checkpoints = directory.resolve("checkpoints");
        Map<String, String> settings = settings(directory, checkpoints, zooKeeperPort);
        FlinkProcesses processes = FlinkProcesses.prepare(directory, settings);
        ChaosFlink flink =
                new ChaosFlink(processes, checkpoints, processes.zooKeeper(zooKeeperPort));
        try {
            for (int i = 1; i <= JOB_MANAGERS; i++) {
                String name = "jobmanager-" + i;
                flink.jobManagers.add(new Node(name, processes.jobManager(name)));
            }
            for (int i = 1; i <= TASK_MANAGERS; i++) {
                String name = "taskmanager-" + i;
                flink.taskManagers.add(new Node(name, flink.taskManager(name)));
            }
            Waiting.until(
                    "Flink's slots",
                    LIMIT,
                    () -> flink.isAlive() && flink.slots() == TASK_MANAGERS);
            return flink;
        } catch (Exception | Error e) {
            flink.close();
            throw e;
        }
    }

    private static Map<String, String> settings(
            Path directory, Path checkpoints, int zooKeeperPort) {
        Map<String, String> settings =
                new TreeMap<>(FlinkProcesses.highAvailability(directory, zooKeeperPort));
        settings.put("taskmanager.numberOfTaskSlots", "1");
        settings.put("execution.checkpointing.dir", checkpoints.toUri().toString());
        settings.put("execution.checkpointing.num-retained", "3");
        settings.put("jobmanager.memory.process.size", "736m");
        settings.put("jobmanager.memory.jvm-metaspace.size", "192m");
        settings.put("taskmanager.memory.process.size", "960m");
        settings.put("taskmanager.memory.jvm-metaspace.size", "192m");
        settings.put("taskmanager.memory.managed.size", "32m");
        settings.put("taskmanager.memory.network.max", "64m");
        settings.put("restart-strategy.exponential-delay.initial-backoff", "200 ms");
        settings.put("restart-strategy.exponential-delay.max-backoff", "2 s");
        settings.put("web.refresh-interval", "500 ms");
        return settings;
    }

    private JavaProcess taskManager(String name) throws IOException {
        return processes.taskManager(
                name,
                Map.of(
                        "taskmanager.resource-id",
                        name + "-" + UUID.randomUUID().toString().substring(0, 8)));
    }

    List<Node> jobManagers() {
        return jobManagers;
    }

    List<Node> taskManagers() {
        return taskManagers;
    }

    /** Returns the directory of the checkpoints. */
    Path checkpoints() {
        return checkpoints;
    }

    /** Returns the address of the leader's REST interface; "" if there is no leader. */
    String rest() {
        return leadership().map(Leadership::rest).orElse("");
    }

    /** Returns the leading JobManager; the first one if none leads. */
    Node leadingJobManager() {
        return leadership().map(Leadership::node).orElse(jobManagers.get(0));
    }

    /** Returns the newest leadership according to the logs. */
    private Optional<Leadership> leadership() {
        return jobManagers.stream()
                .flatMap(node -> leadership(node).stream())
                .max(Comparator.comparing(Leadership::since));
    }

    private static Optional<Leadership> leadership(Node node) {
        Matcher matcher = LEADERSHIP.matcher(node.process.output());
        Leadership newest = null;
        while (matcher.find()) {
            newest =
                    matcher.group(3).equals("lost")
                            ? null
                            : new Leadership(matcher.group(1), node, matcher.group(2));
        }
        return Optional.ofNullable(newest);
    }

    /** Returns the TaskManagers that run the job; all of them if Flink does not say. */
    List<Node> busyTaskManagers() {
        Set<String> busy = new HashSet<>();
        for (JsonNode each : get("/taskmanagers").path("taskmanagers")) {
            if (each.path("freeSlots").asInt() == 0) {
                busy.add(each.path("id").asText().replaceFirst("-[^-]*$", ""));
            }
        }
        List<Node> found =
                taskManagers.stream().filter(node -> busy.contains(node.name())).toList();
        return found.isEmpty() ? taskManagers : found;
    }

    /** Returns true; throws with the output of the first process that has ended. */
    private boolean isAlive() {
        List<JavaProcess> all = new ArrayList<>(List.of(zooKeeper));
        jobManagers.forEach(node -> all.add(node.process));
        taskManagers.forEach(node -> all.add(node.process));
        for (JavaProcess process : all) {
            if (!process.isAlive()) {
                throw new ChaosViolation("a process of Flink has ended:\n" + process.output());
            }
        }
        return true;
    }

    private int slots() {
        return get("/overview").path("slots-total").asInt();
    }

    /** Returns the answer of the leading JobManager; an empty one if it does not answer. */
    private JsonNode get(String path) {
        String address = rest();
        if (address.isEmpty()) {
            return json.missingNode();
        }
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(address + path))
                            .timeout(REST_TIMEOUT)
                            .build();
            var answer = http.send(request, BodyHandlers.ofString());
            return answer.statusCode() == 200 ? json.readTree(answer.body()) : json.missingNode();
        } catch (IOException e) {
            return json.missingNode();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Starts a JobManager or TaskManager again after its process has ended. */
    void restart(Node node) throws IOException {
        node.process =
                jobManagers.contains(node)
                        ? processes.jobManager(node.name())
                        : taskManager(node.name());
    }

    /** Runs Flink's command line client, and returns its process after its end. */
    JavaProcess client(List<String> arguments) throws IOException, InterruptedException {
        int number;
        synchronized (this) {
            number = ++clients;
        }
        JavaProcess client = processes.client("client-" + number, arguments);
        try {
            client.awaitExit();
            return client;
        } finally {
            client.close();
        }
    }

    @Override
    public void close() {
        taskManagers.forEach(node -> node.process.close());
        jobManagers.forEach(node -> node.process.close());
        zooKeeper.close();
    }
}
