package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Integration test of the sockets on which the commands listen, as listed by the kernel. */
@EnabledOnOs(OS.LINUX)
class ListeningSocketsITCase {
    private static final String LISTENING = "0A";

    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start();
        Topics.create(
                JobConfig.parseTopics(Map.of("kafka.bootstrap.servers", kafka.bootstrapServers())),
                1);
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private JavaProcess freshet(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--set", "kafka.bootstrap.servers=" + kafka.bootstrapServers()));
        return JavaProcess.freshet(directory, List.of(), all.toArray(String[]::new));
    }

    /** Returns the addresses on which a process listens; none if it has ended. */
    private static Set<InetSocketAddress> listening(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        Set<InetSocketAddress> addresses = new HashSet<>();
        try {
            Set<String> own = open(process.resolve("fd"));
            for (String table : List.of("net/tcp", "net/tcp6")) {
                // slot, local address, remote address, state, queues, timer, retransmissions,
                // user, time-outs, inode
                List<String> lines = Files.readAllLines(process.resolve(table));
                for (String line : lines.subList(1, lines.size())) {
                    String[] columns = line.strip().split(" +", -1);
                    if (columns[3].equals(LISTENING)
                            && own.contains("socket:[" + columns[9] + "]")) {
                        addresses.add(address(columns[1]));
                    }
                }
            }
        } catch (NoSuchFileException e) {
            addresses.clear(); // the process has ended
        }
        return addresses;
    }

    /**
     * Returns the targets of a process's file descriptors, without those that it closes meanwhile.
     */
    private static Set<String> open(Path descriptors) throws IOException {
        Set<String> targets = new HashSet<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : listed) {
                target(descriptor).ifPresent(targets::add);
            }
        }
        return targets;
    }

    private static Optional<String> target(Path descriptor) throws IOException {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Parses an address as the kernel prints it: 32-bit words in native order, then the port. */
    private static InetSocketAddress address(String printed) throws IOException {
        String[] addressAndPort = printed.split(":", 2);
        byte[] words = HexFormat.of().parseHex(addressAndPort[0]);
        byte[] address = new byte[words.length];
        for (int i = 0; i < words.length; i++) {
            address[i] =
                    ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                            ? words[i / 4 * 4 + 3 - i % 4]
                            : words[i];
        }
        return new InetSocketAddress(
                InetAddress.getByAddress(address), Integer.parseInt(addressAndPort[1], 16));
    }

    private static void assertLoopback(Set<InetSocketAddress> addresses) {
        assertThat(addresses).allMatch(address -> address.getAddress().isLoopbackAddress());
    }

    @Test
    void demo_listensOnLoopback() throws Exception {
        try (JavaProcess demo =
                freshet(
                        "demo",
                        "--events",
                        "200",
                        "--rate",
                        "max",
                        "--stay",
                        "--dashboard-port",
                        "0")) {
            demo.awaitOutput("The dashboard stays at");

            // The broker's two, Flink's REST endpoint and BLOB server, and the dashboard.
            Set<InetSocketAddress> addresses = listening(demo.pid());
            assertThat(addresses).hasSize(5);
            assertLoopback(addresses);
        }
    }

    @Test
    void run_listensOnLoopback() throws Exception {
        try (JavaProcess run = freshet("run", "--set", "num-features=3", "--set", "classes=2")) {
            run.awaitOutput("learning from");

            // Flink's REST endpoint and BLOB server.
            Set<InetSocketAddress> addresses = listening(run.pid());
            assertThat(addresses).hasSize(2);
            assertLoopback(addresses);
        }
    }

    @Test
    void serve_listensOnLoopback_unlessAnAddressIsNamed() throws Exception {
        try (JavaProcess serve = freshet("serve", "--port", "0")) {
            serve.awaitOutput("serving the models");

            Set<InetSocketAddress> addresses = listening(serve.pid());
            assertThat(addresses).hasSize(1);
            assertLoopback(addresses);
            assertThat(serve.output()).doesNotContain("warning");
        }
        try (JavaProcess serve = freshet("serve", "--port", "0", "--host", "0.0.0.0")) {
            serve.awaitOutput("serving the models");

            assertThat(serve.output())
                    .contains("warning: other machines need no token (--token-file)");
            assertThat(listening(serve.pid()))
                    .hasSize(1)
                    .allMatch(address -> address.getAddress().isAnyLocalAddress());
        }
    }

    @Test
    void watch_listensOnLoopback_unlessAnAddressIsNamed() throws Exception {
        try (JavaProcess watch = freshet("watch", "--dashboard-port", "0")) {
            watch.awaitOutput("watching");

            Set<InetSocketAddress> addresses = listening(watch.pid());
            assertThat(addresses).hasSize(1);
            assertLoopback(addresses);
        }
        try (JavaProcess watch =
                freshet("watch", "--dashboard-port", "0", "--dashboard-host", "0.0.0.0")) {
            watch.awaitOutput("watching");

            assertThat(listening(watch.pid()))
                    .hasSize(1)
                    .allMatch(address -> address.getAddress().isAnyLocalAddress());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " --score --partitions 2 --set job.parallelism=2"})
    void bench_listensOnLoopback(String options) throws Exception {
        String command = "bench --features 4 --warm-ups 1 --runs 1 --megabytes 1" + options;
        try (JavaProcess bench = freshet(command.split(" ", -1))) {
            Set<InetSocketAddress> addresses = listeningUntilItsEnd(bench);

            // The broker's two; Flink's REST endpoint and BLOB server in each of two runs.
            assertThat(addresses).hasSizeGreaterThanOrEqualTo(4);
            assertLoopback(addresses);
            assertThat(bench.awaitExit()).as(bench.output()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics", "replay --events 10 --rate max", "watch --terminal --once"})
    void otherCommand_listensNowhere(String command) throws Exception {
        try (JavaProcess process = freshet(command.split(" ", -1))) {
            assertThat(listeningUntilItsEnd(process)).isEmpty();
            assertThat(process.awaitExit()).as(process.output()).isZero();
        }
    }

    @Test
    void driftBench_listensNowhere() throws Exception {
        Path csv = directory.resolve("stream.csv");
        Files.writeString(csv, "x,y\n" + "1,a\n2,b\n".repeat(100));
        try (JavaProcess process =
                JavaProcess.start(
                        directory,
                        Map.of(),
                        List.of(),
                        Freshet.class,
                        "drift-bench",
                        "--csv",
                        csv.toString(),
                        "--label",
                        "y")) {
            assertThat(listeningUntilItsEnd(process)).isEmpty();
            assertThat(process.awaitExit()).as(process.output()).isZero();
        }
    }

    private static Set<InetSocketAddress> listeningUntilItsEnd(JavaProcess process) {
        Set<InetSocketAddress> addresses = new HashSet<>();
        JobOnKafka.await(
                "the process to end",
                () -> {
                    try {
                        addresses.addAll(listening(process.pid()));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return !process.isAlive();
                });
        return addresses;
    }
}
