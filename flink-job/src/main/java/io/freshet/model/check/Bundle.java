package io.freshet.model.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * A directory with all that {@code gpu-check} needs on a machine without Java: a runtime image, the
 * classes and kernels, and the bindings for this platform.
 */
final class Bundle {
    /** The largest size of a bundle, in bytes. */
    static final long MAX_BYTES = 60_000_000;

    static final String SCRIPT = "gpu-check";

    static final String BASELINES = "gpu_baselines.py";

    private static final String RUNTIME = "runtime";
    private static final String JAR = "gpu-check.jar";

    /** What else JavaCPP refers to, java.management and jdk.unsupported, is for its own tools. */
    private static final String MODULES = "java.base";

    /** The first version of Java that warns of native libraries. */
    private static final int NATIVE_WARNINGS = 24;

    /** Names of what is copied from the class path, by their beginnings. */
    private static final List<String> CLASSES =
            List.of(
                    "io/freshet/ensemble/",
                    "io/freshet/maths/",
                    "io/freshet/model/",
                    "META-INF/maven/org.bytedeco/", // has the versions
                    "org/bytedeco/javacpp/",
                    "org/bytedeco/cuda/presets/",
                    "org/bytedeco/cuda/cudart/",
                    "org/bytedeco/cuda/cublas/",
                    "org/bytedeco/cuda/nvrtc/",
                    "org/bytedeco/cuda/global/cudart",
                    "org/bytedeco/cuda/global/cublas",
                    "org/bytedeco/cuda/global/nvrtc");

    /** A class or folder of each jar or directory from which that is copied. */
    private static final List<String> SOURCES =
            List.of(
                    "io/freshet/model/check/GpuCheck.class",
                    "io/freshet/maths/",
                    "org/bytedeco/javacpp/Loader.class",
                    "org/bytedeco/cuda/global/cudart.class");

    private static final List<String> NATIVES = List.of("cudart", "cublas", "nvrtc");

    private Bundle() {}

    /**
     * Writes a bundle.
     *
     * @param directory must be empty or not exist
     * @param baselines script to copy; null for none
     * @return size in bytes
     */
    static long write(Path directory, @Nullable Path baselines) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.list(directory)) {
                if (files.findAny().isPresent()) {
                    throw new IOException(directory + " is not empty");
                }
            }
        }
        ToolProvider jlink =
                ToolProvider.findFirst("jlink")
                        .orElseThrow(
                                () ->
                                        new IOException(
                                                "this Java has no jlink; a bundle needs a JDK"));
        Files.createDirectories(directory);
        link(jlink, directory.resolve(RUNTIME));
        writeJar(directory.resolve(JAR));
        if (baselines != null) {
            Files.copy(baselines, directory.resolve(BASELINES));
        }
        Path script = directory.resolve(SCRIPT);
        Files.writeString(script, script());
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        long bytes = size(directory);
        if (bytes > MAX_BYTES) {
            throw new IOException(
                    directory
                            + " has "
                            + bytes
                            + " bytes, more than "
                            + MAX_BYTES
                            + " are too many");
        }
        return bytes;
    }

    private static void link(ToolProvider jlink, Path runtime) throws IOException {
        StringWriter messages = new StringWriter();
        PrintWriter writer = new PrintWriter(messages);
        int status =
                jlink.run(
                        writer,
                        writer,
                        "--add-modules",
                        MODULES,
                        "--strip-debug",
                        "--no-header-files",
                        "--no-man-pages",
                        "--compress=2",
                        "--output",
                        runtime.toString());
        writer.flush();
        if (status != 0) {
            throw new IOException(
                    "jlink ended with " + status + ": " + messages.toString().strip());
        }
    }

    private static String script() {
        String options =
                Runtime.version().feature() >= NATIVE_WARNINGS
                        ? " --enable-native-access=ALL-UNNAMED"
                        : "";
        return """
        #!/bin/sh
        # Checks the learner on this machine's CUDA device. gpu-check --help lists the options.
        set -u
        here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
        libraries=$(mktemp -d)
        trap 'rm -rf "$libraries"' EXIT
        [ ! -f "$here/gpu_baselines.py" ] || set -- --baselines "$here/gpu_baselines.py" "$@"
        "$here/runtime/bin/java"OPTIONS -Dorg.bytedeco.javacpp.cachedir="$libraries" \\
            -cp "$here/gpu-check.jar" io.freshet.model.check.GpuCheck "$@"
        """
                .replace("OPTIONS", options);
    }

    private static void writeJar(Path jar) throws IOException {
        Map<String, byte[]> entries = new TreeMap<>();
        for (String source : SOURCES) {
            collect(source, entries);
        }
        String platform = Loader.getPlatform();
        addNative("org/bytedeco/javacpp/" + platform + "/libjnijavacpp.so", entries);
        for (String library : NATIVES) {
            addNative("org/bytedeco/cuda/" + platform + "/libjni" + library + ".so", entries);
        }
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
    }

    private static URL resource(String name) throws IOException {
        URL url = Bundle.class.getClassLoader().getResource(name);
        if (url == null) {
            throw new IOException(name + " is not on the class path");
        }
        return url;
    }

    private static void addNative(String name, Map<String, byte[]> entries) throws IOException {
        try (InputStream in = resource(name).openStream()) {
            entries.put(name, in.readAllBytes());
        }
    }

    /** Adds what is needed from the jar or directory that has a resource. */
    private static void collect(String source, Map<String, byte[]> entries) throws IOException {
        String url = resource(source).toString();
        URI root = URI.create(url.substring(0, url.length() - source.length()));
        if (root.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(root, Map.of())) {
                collect(jar.getPath("/"), entries);
            }
        } else {
            collect(Path.of(root), entries);
        }
    }

    private static void collect(Path root, Map<String, byte[]> entries) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = root.relativize(file).toString().replace('\\', '/');
                if (CLASSES.stream().anyMatch(name::startsWith)) {
                    entries.put(name, Files.readAllBytes(file));
                }
            }
        }
    }

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            long bytes = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }
}
