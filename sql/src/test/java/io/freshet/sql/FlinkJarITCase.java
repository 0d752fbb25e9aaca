package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.Snapshots;
import io.freshet.local.cluster.EmbeddedKafka;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Test that the jar for Flink has everything that Flink does not have, and nothing that it has. */
class FlinkJarITCase {
    private static final Path JAR = Path.of(System.getProperty("freshet.sql-jar"));

    /** Libraries that the jar must bring itself. */
    private static final List<String> BROUGHT =
            List.of(
                    "/target/",
                    "/io/freshet/",
                    "/org/apache/kafka/",
                    "/org/apache/avro/",
                    "/com/fasterxml/jackson/",
                    "/com/github/luben/",
                    "/flink-connector-kafka");

    @Test
    void jar_hasTheProviderAndItsLibrariesWithoutThoseOfFlink() throws IOException {
        Set<String> packages;
        try (JarFile jar = new JarFile(JAR.toFile())) {
            assertThat(jar.getEntry("META-INF/services/org.apache.flink.table.factories.Factory"))
                    .isNotNull();
            packages =
                    jar.stream()
                            .map(entry -> entry.getName())
                            .filter(name -> name.endsWith(".class"))
                            .map(name -> name.substring(0, name.lastIndexOf('/')))
                            .collect(Collectors.toSet());
        }

        assertThat(packages)
                .contains(
                        "io/freshet/sql",
                        "io/freshet/follow",
                        "io/freshet/classifier",
                        "io/freshet/schemas",
                        "org/apache/avro",
                        "org/apache/kafka/clients/consumer",
                        "com/fasterxml/jackson/core")
                .noneMatch(name -> name.startsWith("org/apache/flink"))
                .noneMatch(name -> name.startsWith("org/slf4j"))
                .noneMatch(name -> name.startsWith("org/nd4j"));
    }

    @Test
    @Timeout(180)
    void query_withFlinkAndTheJarAlone_predicts() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                TopicWriter writer = new TopicWriter(kafka.bootstrapServers())) {
            writer.createCompacted("models");
            writer.write("models", new Snapshots(1, 3, 2, 2, "softmax", 1, false).records(100));

            assertThat(run(PredictOnce.class, kafka.bootstrapServers())).contains(", 7]");
        }
    }

    private static String run(Class<?> program, String argument) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String open : List.of("java.lang", "java.util", "java.time", "java.nio")) {
            command.add("--add-opens=java.base/" + open + "=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", classPath(program), program.getName(), argument));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    /** Returns the class path with the jar, the libraries of Flink and the program. */
    private static String classPath(Class<?> program) throws Exception {
        List<String> entries = new ArrayList<>();
        entries.add(JAR.toString());
        entries.add(
                Path.of(program.getProtectionDomain().getCodeSource().getLocation().toURI())
                        .toString());
        String all =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        for (String entry : all.split(File.pathSeparator, -1)) {
            String path = entry.replace(File.separatorChar, '/');
            if (BROUGHT.stream().noneMatch(path::contains)) {
                entries.add(entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }
}
