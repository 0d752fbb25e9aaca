package io.freshet.local.chaos;

import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/** Kafka cluster of three nodes, with three replicas of everything. */
final class ChaosKafka implements AutoCloseable {
    private static final int NODES = 3;

    private final List<ChaosBroker> brokers = new ArrayList<>();
    private final List<String> directly = new ArrayList<>();

    /**
     * Starts the nodes and waits until all have started.
     *
     * @param directory directory of their data and logs
     */
    static ChaosKafka start(Path directory) throws IOException {
        ChaosKafka kafka = new ChaosKafka();
        try {
            kafka.startNodes(directory);
            for (ChaosBroker broker : kafka.brokers) {
                broker.await();
            }
            return kafka;
        } catch (IOException | RuntimeException | Error e) {
            kafka.close();
            throw e;
        }
    }

    private void startNodes(Path directory) throws IOException {
        String clusterId = Uuid.randomUuid().toString();
        int[][] ports = new int[NODES][];
        int[] jobPorts = new int[NODES];
        StringBuilder voters = new StringBuilder();
        for (int i = 0; i < NODES; i++) {
            ports[i] = EmbeddedKafka.freePorts();
            jobPorts[i] = EmbeddedKafka.freePorts()[0];
            voters.append(i == 0 ? "" : ",")
                    .append(i + 1)
                    .append("@localhost:")
                    .append(ports[i][1]);
        }
        for (int i = 0; i < NODES; i++) {
            String name = "broker-" + (i + 1);
            Path data = Files.createDirectories(directory.resolve(name).resolve("data"));
            EmbeddedKafka.format(data, clusterId, i + 1);
            TcpProxy proxy = TcpProxy.start(jobPorts[i]);
            Map<String, String> properties = replicated();
            properties.put("node.id", Integer.toString(i + 1));
            properties.put("controller.quorum.voters", voters.toString());
            String listeners =
                    "PLAINTEXT://localhost:" + ports[i][0] + ",JOB://localhost:" + jobPorts[i];
            properties.put("listeners", listeners + ",CONTROLLER://localhost:" + ports[i][1]);
            properties.put(
                    "advertised.listeners",
                    "PLAINTEXT://localhost:" + ports[i][0] + ",JOB://localhost:" + proxy.port());
            directly.add("localhost:" + ports[i][0]);
            brokers.add(
                    new ChaosBroker(
                            name,
                            directory.resolve(name),
                            ports[i][0],
                            ports[i][1],
                            properties,
                            proxy));
        }
    }

    private static Map<String, String> replicated() {
        Map<String, String> properties = new HashMap<>();
        properties.put(
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,JOB:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.put("inter.broker.listener.name", "PLAINTEXT");
        properties.put("default.replication.factor", "3");
        properties.put("min.insync.replicas", "2");
        properties.put("unclean.leader.election.enable", "false");
        properties.put("offsets.topic.replication.factor", "3");
        properties.put("offsets.topic.num.partitions", "3");
        properties.put("transaction.state.log.replication.factor", "3");
        properties.put("transaction.state.log.min.isr", "2");
        properties.put("transaction.state.log.num.partitions", "3");
        // A dead node is found out within seconds.
        properties.put("broker.session.timeout.ms", "3000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("replica.lag.time.max.ms", "5000");
        properties.put("controlled.shutdown.enable", "true");
        return properties;
    }

    List<ChaosBroker> brokers() {
        return brokers;
    }

    /** Returns the addresses at which the job reaches the brokers. */
    String bootstrapServersOfTheJob() {
        return brokers.stream()
                .map(broker -> "localhost:" + broker.proxy().port())
                .collect(Collectors.joining(","));
    }

    /** Returns the addresses at which other clients reach the brokers. */
    String bootstrapServers() {
        return String.join(",", directly);
    }

    @Override
    public void close() throws IOException {
        for (ChaosBroker broker : brokers) {
            broker.close();
        }
    }
}
