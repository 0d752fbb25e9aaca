package io.freshet.model.cuda.device;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The compiler of kernels for the emulation: {@code g++} with {@code src/test/cuda/emulation.h}.
 *
 * <p>Libraries are kept under {@code target/cuda-emulation}, by the hash of all that they depend
 * on.
 */
public final class EmulationCompiler {
    private static final Path SOURCES = Path.of("src", "test", "cuda").toAbsolutePath();

    private static final Path LIBRARIES = Path.of("target", "cuda-emulation").toAbsolutePath();

    private static final Pattern DYNAMIC_SHARED =
            Pattern.compile(
                    "extern\\s+__shared__\\s+(?:__align__\\s*\\(\\s*\\d+\\s*\\)\\s+)?"
                            + "([A-Za-z_][\\w: ]*?)\\s+(\\w+)\\s*\\[\\s*\\]\\s*;");

    private static final List<String> FLAGS =
            List.of(
                    "-O2",
                    "-std=c++17",
                    "-fPIC",
                    "-shared",
                    "-ffp-contract=off",
                    "-fno-strict-aliasing",
                    "-fstack-clash-protection",
                    "-fno-zero-initialized-in-bss",
                    "-fno-gnu-unique",
                    "-fvisibility=hidden",
                    "-Wno-unknown-pragmas");

    /** An index outside an array traps, and variables without a value have a strange one. */
    private static final List<String> KERNEL_FLAGS =
            List.of(
                    "-nostartfiles",
                    "-fsanitize=bounds",
                    "-fsanitize-undefined-trap-on-error",
                    "-ftrivial-auto-var-init=pattern");

    private EmulationCompiler() {}

    /** Returns the reason why kernels cannot be compiled here, or an empty text if they can. */
    static String obstacle() {
        if (version().isEmpty()) {
            return "no g++";
        }
        return Files.exists(jdkHeaders().resolve("linux").resolve("jni_md.h"))
                ? ""
                : "no headers of a JDK for Linux";
    }

    /** Returns the library of the native methods. */
    static Path bridge() throws IOException {
        return library(Files.readString(SOURCES.resolve("bridge.cpp")), List.of("-O3"));
    }

    /**
     * Returns the library of some kernels: kernel {@code i} is the function {@code kernel_i}.
     *
     * @param source CUDA C++
     * @param names names of the kernels, with template arguments
     */
    static Path kernels(String source, List<String> names) throws IOException {
        StringBuilder program = new StringBuilder(Files.readString(SOURCES.resolve("emulation.h")));
        program.append("#line 1 \"kernels.cu\"\n");
        program.append(
                DYNAMIC_SHARED.matcher(source).replaceAll("EMULATION_DYNAMIC_SHARED($1, $2);"));
        program.append("\n#line 1 \"names\"\n");
        for (int i = 0; i < names.size(); i++) {
            program.append("EMULATION_KERNEL(").append(i).append(", ").append(names.get(i));
            program.append(")\n");
        }
        return library(program.toString(), KERNEL_FLAGS);
    }

    private static Path jdkHeaders() {
        return Path.of(System.getProperty("java.home"), "include");
    }

    private static Path library(String program, List<String> moreFlags) throws IOException {
        List<String> flags = new ArrayList<>(FLAGS);
        flags.addAll(moreFlags);
        Path processor = Path.of("/proc/cpuinfo");
        if (Files.isReadable(processor)
                && Pattern.compile("^flags.*\\bfma\\b", Pattern.MULTILINE)
                        .matcher(Files.readString(processor))
                        .find()) {
            flags.add("-mfma");
        }
        Path headers = jdkHeaders();
        flags.add("-I" + headers);
        flags.add("-I" + headers.resolve("linux"));
        Path library = LIBRARIES.resolve(hash(program + flags + version()) + ".so");
        if (Files.exists(library)) {
            return library;
        }
        Files.createDirectories(LIBRARIES);
        Path directory = Files.createTempDirectory(LIBRARIES, "new");
        Path source = Files.writeString(directory.resolve("program.cpp"), program);
        Path compiled = directory.resolve("program.so");
        List<String> command = new ArrayList<>(List.of("g++"));
        command.addAll(flags);
        command.addAll(List.of("-o", compiled.toString(), source.toString(), "-ldl"));
        Output output = run(command);
        if (output.status() != 0) {
            throw new DeviceException("g++: " + output.text());
        }
        Files.move(compiled, library, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(source);
        Files.delete(directory);
        return library;
    }

    private static String hash(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String version() {
        try {
            return run(List.of("g++", "--version")).text();
        } catch (IOException e) {
            // A program that is not there.
            if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("cannot run")) {
                return "";
            }
            throw new UncheckedIOException(e);
        }
    }

    /** The end of a program, with what it printed. */
    public record Output(int status, String text) {}

    /** Runs a program. */
    public static Output run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            return new Output(process.waitFor(), text);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            process.destroy();
        }
    }
}
