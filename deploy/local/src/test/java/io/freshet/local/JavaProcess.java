package io.freshet.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Separate JVM process, started with the test's options, that can receive signals and whose output
 * is kept in a file.
 */
public final class JavaProcess implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 120;

    private static final Pattern SERVER = Pattern.compile("(https?://localhost:[0-9]+)");

    /** Name of the user's data directory, in the directory of the process. */
    static final String DATA = "data";

    private final Process process;
    private final Path output;

    private JavaProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts a main class from the test's class path.
     *
     * @param directory working and temporary directory, empty; the output is written there too
     * @param options JVM options, in addition to those of the test itself
     */
    public static JavaProcess start(
            Path directory,
            Map<String, String> environment,
            List<String> options,
            Class<?> main,
            String... arguments)
            throws IOException {
        return start(
                directory,
                environment,
                options,
                System.getProperty("java.class.path"),
                main.getName(),
                arguments);
    }

    /**
     * Starts a main class.
     *
     * @param directory working and temporary directory, empty; the output is written there too
     * @param options JVM options, in addition to those of the test itself
     * @param classPath class path of the process
     * @param main name of the main class
     */
    public static JavaProcess start(
            Path directory,
            Map<String, String> environment,
            List<String> options,
            String classPath,
            String main,
            String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-D") || option.startsWith("--add-opens"))
                .filter(option -> !option.startsWith("-Dsurefire."))
                .forEach(command::add);
        command.add("-Xmx1g");
        command.add("-Djava.io.tmpdir=" + directory);
        command.addAll(options);
        command.add("-cp");
        command.add(classPath);
        command.add(main);
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "output-", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return new JavaProcess(builder.start(), output);
    }

    /**
     * Starts the command {@code freshet} as its script does.
     *
     * @param directory working and temporary directory, empty; the output is written there too
     * @param options JVM options, in addition to those of the test itself
     * @param arguments name of the command, with its arguments
     */
    public static JavaProcess freshet(Path directory, List<String> options, String... arguments)
            throws IOException {
        return start(
                directory,
                Map.of("OMP_NUM_THREADS", "1", "XDG_DATA_HOME", directory.resolve(DATA).toString()),
                options,
                Freshet.class,
                arguments);
    }

    /** Returns the id of the process. */
    public long pid() {
        return process.pid();
    }

    /** Returns whether the process has not ended. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Returns the output so far, of both standard output and standard error. */
    public String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the output contains a text. */
    public void awaitOutput(String text) {
        JobOnKafka.await(
                "\"" + text + "\" in the output",
                () -> {
                    String printed = output();
                    if (!printed.contains(text) && !process.isAlive()) {
                        throw new AssertionError(
                                "ended with " + process.exitValue() + ":\n" + printed);
                    }
                    return printed.contains(text);
                });
    }

    /** Waits until the output matches a pattern, and returns its first group. */
    public String awaitOutput(Pattern pattern) {
        JobOnKafka.await(
                pattern.pattern(),
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("ended:\n" + output());
                    }
                    return pattern.matcher(output()).find();
                });
        Matcher matcher = pattern.matcher(output());
        matcher.find();
        return matcher.group(1);
    }

    /** Waits until {@code freshet serve} has read a model, and returns its address. */
    public URI awaitServer() {
        awaitOutput("ready with 1 model");
        return URI.create(awaitOutput(SERVER));
    }

    /** Returns the number of objects of a class after a full garbage collection. */
    long liveInstances(String className) {
        return histogram().stream()
                .filter(line -> line.length > 3 && line[3].equals(className))
                .mapToLong(line -> Long.parseLong(line[1]))
                .sum();
    }

    /** Returns the bytes of all objects after a full garbage collection. */
    long liveBytes() {
        return histogram().stream()
                .filter(line -> line[0].equals("Total"))
                .mapToLong(line -> Long.parseLong(line[2]))
                .sum();
    }

    /**
     * Returns a histogram of the heap, after a full garbage collection: for each class a line with
     * rank, instances, bytes and name, and a line that begins with "Total".
     */
    private List<String[]> histogram() {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            Process histogram =
                    new ProcessBuilder(jcmd, Long.toString(pid()), "GC.class_histogram")
                            .redirectErrorStream(true)
                            .start();
            List<String[]> lines;
            try (BufferedReader reader = histogram.inputReader()) {
                lines = reader.lines().map(line -> line.strip().split(" +", -1)).toList();
            }
            if (lines.stream().noneMatch(line -> line[0].equals("Total"))) {
                throw new AssertionError("no histogram of the heap:\n" + output());
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the resident memory of the process. */
    long residentBytes() throws IOException {
        return 1024 * status("VmRSS:");
    }

    /** Returns the number of threads of the process, those of native libraries included. */
    long threads() throws IOException {
        return status("Threads:");
    }

    private long status(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status")).stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
                .sum();
    }

    /** Returns the number of open files and sockets of the process. */
    long openFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
            return files.count();
        }
    }

    /**
     * Limits the size of the files that the process writes, with {@code prlimit} of Linux. What it
     * writes beyond is refused, as on a full disk.
     *
     * @param bytes the limit in bytes, or "unlimited"
     */
    public void limitFileSize(String bytes) throws IOException, InterruptedException {
        int code =
                new ProcessBuilder(
                                "prlimit", "--pid", Long.toString(pid()), "--fsize=" + bytes + ":")
                        .inheritIO()
                        .start()
                        .waitFor();
        if (code != 0) {
            throw new IOException("prlimit ended with " + code);
        }
    }

    /**
     * Sends a signal.
     *
     * @param signal name of the signal without SIG: TERM, INT, KILL, STOP or CONT
     */
    public void signal(String signal) throws IOException, InterruptedException {
        int code =
                new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .inheritIO()
                        .start()
                        .waitFor();
        if (code != 0) {
            throw new IOException("kill -" + signal + " ended with " + code);
        }
    }

    /** Waits for the end of the process, and returns its exit code. */
    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + TIMEOUT_SECONDS + " s:\n" + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}
