package io.freshet.local.cluster;

import io.freshet.local.cli.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * Kafka broker in this process: one KRaft node, on free loopback ports, with its data in a
 * temporary directory that is deleted when the broker is closed.
 */
public final class EmbeddedKafka implements AutoCloseable {
    private static final int ATTEMPTS = 5;

    private final KafkaRaftServer server;
    private final Path directory;
    private final int port;

    private EmbeddedKafka(KafkaRaftServer server, Path directory, int port) {
        this.server = server;
        this.directory = directory;
        this.port = port;
    }

    /** Starts a broker with the default properties. */
    public static EmbeddedKafka start() throws IOException {
        return start(Map.of());
    }

    /**
     * Starts a broker.
     *
     * @param properties properties of the broker, which override the defaults here
     */
    public static EmbeddedKafka start(Map<String, String> properties) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return startOnce(properties);
            } catch (KafkaException e) {
                // Another process may have taken a port since it was found free.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static EmbeddedKafka startOnce(Map<String, String> extra) throws IOException {
        Path directory = Directories.createTemporary("freshet-kafka-");
        try {
            int[] ports = freePorts();
            return new EmbeddedKafka(startServer(directory, ports, extra), directory, ports[0]);
        } catch (KafkaException e) {
            Directories.delete(directory);
            throw e;
        }
    }

    /**
     * Starts a broker's server on given ports, with its data in a given directory. The caller shuts
     * the server down; the data stays and can be used again.
     *
     * @param ports ports of the broker and of its controller, as {@link #freePorts} finds them
     * @param extra properties of the broker, which override the defaults here
     */
    public static KafkaRaftServer startServer(
            Path directory, int[] ports, Map<String, String> extra) {
        Properties properties = properties(directory, ports[0], ports[1]);
        properties.putAll(extra);
        KafkaRaftServer server = null;
        try {
            if (!Files.exists(directory.resolve("meta.properties"))) {
                format(directory, Uuid.randomUuid().toString(), 1);
            }
            server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
            server.startup();
            return server;
        } catch (Exception e) {
            if (server != null) {
                server.shutdown();
            }
            throw e instanceof KafkaException refused ? refused : new KafkaException(e);
        }
    }

    /** Returns two ports that are free at present. */
    public static int[] freePorts() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket one = new ServerSocket(0, 1, loopback);
                ServerSocket other = new ServerSocket(0, 1, loopback)) {
            return new int[] {one.getLocalPort(), other.getLocalPort()};
        }
    }

    private static Properties properties(Path directory, int port, int controllerPort) {
        Properties properties = new Properties();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", "1");
        properties.put("controller.quorum.voters", "1@localhost:" + controllerPort);
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put(
                "listeners",
                "PLAINTEXT://localhost:" + port + ",CONTROLLER://localhost:" + controllerPort);
        properties.put("advertised.listeners", "PLAINTEXT://localhost:" + port);
        properties.put(
                "listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.put("log.dirs", directory.toString());
        properties.put("auto.create.topics.enable", "false");
        // A single node has no replicas, and consumer groups need not wait for more consumers.
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("offsets.topic.num.partitions", "1");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("transaction.state.log.num.partitions", "2");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("share.coordinator.state.topic.num.partitions", "1");
        properties.put("group.initial.rebalance.delay.ms", "0");
        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "2");
        properties.put("log.cleaner.threads", "1");
        properties.put("log.cleaner.dedupe.buffer.size", Integer.toString(8 << 20));
        return properties;
    }

    /**
     * Prepares an empty directory for the data of a node.
     *
     * @param clusterId id of the cluster in the form of {@link Uuid}, the same for all its nodes
     */
    public static void format(Path directory, String clusterId, int nodeId) {
        try {
            formatDirectory(directory, clusterId, nodeId);
        } catch (Exception e) {
            throw e instanceof KafkaException refused ? refused : new KafkaException(e);
        }
    }

    private static void formatDirectory(Path directory, String clusterId, int nodeId)
            throws Exception {
        Formatter formatter =
                new Formatter()
                        .setPrintStream(
                                new PrintStream(
                                        OutputStream.nullOutputStream(),
                                        false,
                                        StandardCharsets.UTF_8))
                        .setClusterId(clusterId)
                        .setNodeId(nodeId)
                        .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                        .setControllerListenerName("CONTROLLER")
                        .setMetadataLogDirectory(directory.toString());
        formatter.addDirectory(directory.toString());
        formatter.run();
    }

    /** Returns the broker's address for clients. */
    public String bootstrapServers() {
        return "localhost:" + port;
    }

    /** Stops the broker and deletes its data. */
    @Override
    public void close() throws IOException {
        server.shutdown();
        Directories.delete(directory);
    }
}
