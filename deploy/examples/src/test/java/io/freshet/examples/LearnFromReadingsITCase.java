package io.freshet.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Runs the example in a process of its own, as a user does. */
class LearnFromReadingsITCase {
    private static final Pattern METRICS =
            Pattern.compile("([\\d,]+) examples: loss ([\\d.]+), accuracy ([\\d.]+)");

    /** Exit code and output of a process. */
    private record Run(int exitCode, String output) {}

    private static Run run(List<String> classPath) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .forEach(command::add);
        command.addAll(List.of("-Xmx1g", "-cp", String.join(File.pathSeparator, classPath)));
        command.add(LearnFromReadings.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("OMP_NUM_THREADS", "1");
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            byte[] bytes = process.getInputStream().readAllBytes();
            String output = new String(bytes, StandardCharsets.UTF_8);
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
            return new Run(process.exitValue(), output);
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<String> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .collect(Collectors.toList());
    }

    @Test
    void example_learnsAndPredicts() throws IOException, InterruptedException {
        Run run = run(classPath());

        assertThat(run.exitCode()).as(run.output()).isZero();
        Matcher metrics = METRICS.matcher(run.output());
        String examples = "";
        double accuracy = 0;
        while (metrics.find()) {
            examples = metrics.group(1);
            accuracy = Double.parseDouble(metrics.group(3));
        }
        assertThat(examples).isEqualTo("19,800");
        assertThat(accuracy).isGreaterThan(0.9);
        assertThat(run.output()).containsPattern("reading \\d+99 will probably fail");
    }

    @Test
    void withoutNd4j_theJobEndsAndSaysWhatIsMissing() throws IOException, InterruptedException {
        List<String> classPath = classPath();
        classPath.removeIf(entry -> entry.contains("nd4j") || entry.contains("bytedeco"));

        Run run = run(classPath);

        assertThat(run.exitCode()).isNotZero();
        assertThat(run.output())
                .contains("ND4J cannot be used in this process")
                .containsPattern("the class path needs org.nd4j:nd4j-native:[\\d.]+");
    }
}
