package io.freshet.local.chaos;

import io.freshet.local.JavaProcess;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kafka.server.KafkaRaftServer;

/**
 * One node of the Kafka cluster, broker and controller, in a separate process. The job reaches it
 * through a proxy; other clients reach it directly.
 */
final class ChaosBroker implements AutoCloseable {
    private static final String STARTED = "the broker has started";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final int ATTEMPTS = 5;

    private final String name;
    private final Path directory;
    private final int port;
    private final int controllerPort;
    private final Map<String, String> properties;
    private final TcpProxy proxy;
    private JavaProcess process;

    /**
     * @param directory directory of its data and logs
     * @param port port of the listener for direct clients
     */
    ChaosBroker(
            String name,
            Path directory,
            int port,
            int controllerPort,
            Map<String, String> properties,
            TcpProxy proxy)
            throws IOException {
        this.name = name;
        this.directory = directory;
        this.port = port;
        this.controllerPort = controllerPort;
        this.properties = properties;
        this.proxy = proxy;
        process = startProcess();
    }

    /** Runs the broker until SIGTERM. Arguments: directory, ports, properties. */
    public static void main(String[] args) {
        Map<String, String> properties = new HashMap<>();
        for (String property : Arrays.asList(args).subList(3, args.length)) {
            String[] parts = property.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        KafkaRaftServer server =
                EmbeddedKafka.startServer(
                        Path.of(args[0]),
                        new int[] {Integer.parseInt(args[1]), Integer.parseInt(args[2])},
                        properties);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        System.out.println(STARTED);
        server.awaitShutdown();
    }

    private JavaProcess startProcess() throws IOException {
        List<String> arguments = new ArrayList<>();
        arguments.add(directory.resolve("data").toString());
        arguments.add(Integer.toString(port));
        arguments.add(Integer.toString(controllerPort));
        properties.forEach((key, value) -> arguments.add(key + "=" + value));
        return JavaProcess.start(
                Files.createDirectories(directory),
                Map.of(),
                List.of(
                        "-Xmx512m",
                        // Compiles quickly: brokers are started often.
                        "-XX:TieredStopAtLevel=1",
                        "-Dfreshet.log=" + directory.resolve("broker.log")),
                ChaosBroker.class,
                arguments.toArray(String[]::new));
    }

    String name() {
        return name;
    }

    TcpProxy proxy() {
        return proxy;
    }

    JavaProcess process() {
        return process;
    }

    /** Starts the broker again after its process has ended. */
    void restart() throws IOException {
        process = startProcess();
    }

    /**
     * Waits until the broker has started. It is started again if its process ends, since another
     * process may have taken one of its ports while it was down.
     */
    void await() throws IOException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            JavaProcess current = process;
            Waiting.until(
                    "the start of " + name,
                    START_LIMIT,
                    () -> !current.isAlive() || current.output().contains(STARTED));
            if (current.isAlive()) {
                return;
            }
            restart();
        }
        throw new ChaosViolation(name + " does not start:\n" + process.output());
    }

    @Override
    public void close() throws IOException {
        process.close();
        proxy.close();
    }
}
