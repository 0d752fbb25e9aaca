package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class JarsCommandTest {
    private record Outcome(int exitCode, String out, String err) {}

    private static Outcome jars(Path lib) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        int exitCode = command.execute("jars", "--lib", lib.toString());
        return new Outcome(exitCode, out.toString(), err.toString());
    }

    private static List<String> names(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void writeJar(Path jar, String... entries) throws Exception {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (String entry : entries) {
                out.putNextEntry(new JarEntry(entry));
            }
        }
    }

    @Test
    void jarsOfNd4j_areCopiedWithTheirNativeLibraries_andNothingElseIs(@TempDir Path directory)
            throws Exception {
        Path lib = directory.resolve("flink/lib");

        Outcome outcome = jars(lib);

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isZero();
        List<String> copied = names(lib);
        assertThat(copied)
                .filteredOn(name -> name.matches("(nd4j|javacpp|openblas|cuda)-.*"))
                .anyMatch(name -> name.matches("nd4j-native-[\\w.-]+-linux-x86_64-avx2.jar"))
                .anyMatch(name -> name.matches("openblas-[\\d.-]+-linux-x86_64.jar"))
                .anyMatch(name -> name.matches("javacpp-[\\d.]+-linux-x86_64.jar"))
                .anyMatch(name -> name.matches("cuda-[\\d.-]+.jar"))
                .anyMatch(name -> name.matches("cuda-[\\d.-]+-linux-x86_64.jar"))
                .anyMatch(name -> name.matches("nd4j-api-.*"))
                .hasSizeGreaterThanOrEqualTo(15);
        assertThat(copied)
                .filteredOn(name -> !name.matches("(nd4j|javacpp|openblas|cuda)-.*"))
                .allMatch(
                        name ->
                                name.matches(
                                        "(byteunits|commons-collections4|flatbuffers-java|guava"
                                                + "|jackson|neoitertools|protobuf)-\\d.*"));
        assertThat(outcome.out().lines())
                .startsWith(copied.size() + " jars, " + megabytes(lib) + " MB, are in " + lib + ":")
                .contains("  " + copied.get(0))
                .contains(
                        "    env.java.opts.taskmanager:"
                                + " -Dorg.bytedeco.javacpp.maxphysicalbytes=SIZE");
    }

    private static long megabytes(Path directory) throws Exception {
        long bytes = 0;
        for (String name : names(directory)) {
            bytes += Files.size(directory.resolve(name));
        }
        return bytes / 1_000_000;
    }

    @Test
    void secondCopy_replacesTheFirst_andOtherJarsStay(@TempDir Path lib) throws Exception {
        jars(lib);
        List<String> copied = names(lib);
        Path jar = lib.resolve(copied.get(0));
        byte[] content = Files.readAllBytes(jar);
        Files.writeString(jar, "cut off");
        writeJar(lib.resolve("flink-dist.jar"), "META-INF/maven/org.apache.flink/flink-dist/");

        assertThat(jars(lib).exitCode()).isZero();

        assertThat(Files.readAllBytes(jar)).isEqualTo(content);
        assertThat(names(lib)).hasSize(copied.size() + 1).contains("flink-dist.jar");
    }

    @Test
    void otherVersion_isNamed_andNothingIsCopied(@TempDir Path lib) throws Exception {
        String other = "openblas-0.3.19-1.5.7.jar";
        writeJar(lib.resolve(other), "META-INF/maven/org.bytedeco/openblas/pom.properties");

        Outcome outcome = jars(lib);

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("other versions or for other machines; nothing was copied", other);
        assertThat(names(lib)).containsExactly(other);
    }

    @Test
    void directoryThatIsAFile_isRefusedByName(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("lib"), "", StandardCharsets.UTF_8);

        Outcome outcome = jars(file);

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).startsWith("freshet: --lib " + file + ": the jars cannot be");
    }
}
