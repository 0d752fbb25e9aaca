package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Test that the bill of materials matches the contents of the jar for {@code flink run}.
 *
 * <p>An offline build creates no bill of materials.
 */
class JobJarITCase {
    private static final Path TARGET = Path.of("target");

    @Test
    void billOfMaterials_listsEveryArtifactInTheJar() throws IOException {
        assumeFalse(Boolean.getBoolean("build.offline"));
        List<String> artifacts;
        try (JarFile jar = new JarFile(jobJar().toFile())) {
            artifacts = artifacts(jar);
        }
        assertThat(artifacts).hasSizeGreaterThan(10);
        assertThat(TARGET.resolve("bom.json")).content().contains(artifacts);
    }

    /** Package URLs of those artifacts whose jars had a Maven descriptor. */
    private static List<String> artifacts(JarFile jar) throws IOException {
        List<String> artifacts = new ArrayList<>();
        for (JarEntry entry : jar.stream().toList()) {
            if (entry.getName().matches("META-INF/maven/.*/pom\\.properties")) {
                Properties maven = new Properties();
                try (InputStream in = jar.getInputStream(entry)) {
                    maven.load(in);
                }
                artifacts.add(
                        "pkg:maven/%s/%s@%s"
                                .formatted(
                                        maven.get("groupId"),
                                        maven.get("artifactId"),
                                        maven.get("version")));
            }
        }
        return artifacts;
    }

    private static Path jobJar() throws IOException {
        try (Stream<Path> files = Files.list(TARGET)) {
            return files.filter(file -> file.toString().endsWith("-job.jar"))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
