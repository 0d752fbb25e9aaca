package io.freshet.local.cluster;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipException;

/**
 * Jars that belong in Flink's {@code lib/} on a cluster: ND4J, JavaCPP, OpenBLAS and CUDA's
 * bindings, with their native libraries and with those of their dependencies that Flink does not
 * have.
 *
 * <p>A native library can be loaded by one class loader only. In the job's jar they would be loaded
 * by the class loader of the job, and leak with it at each restart.
 *
 * <p>Implementation note. Jars are recognised by the Maven coordinates in them, since the file
 * names of ND4J's own builds of Guava, Jackson and Protobuf are those of the originals.
 */
public final class FlinkLib {
    /** Directories in a jar that name its group, or group and artifact. */
    private static final List<String> COORDINATES =
            List.of(
                    "META-INF/maven/org.nd4j/",
                    "META-INF/maven/org.bytedeco/",
                    "META-INF/maven/com.google.flatbuffers/flatbuffers-java/",
                    "META-INF/maven/com.jakewharton.byteunits/byteunits/",
                    "META-INF/maven/net.ericaro/neoitertools/",
                    "META-INF/maven/org.apache.commons/commons-collections4/");

    private FlinkLib() {}

    /**
     * Returns the jars on the class path of this process, in the order of their names. The class
     * path of a jar's manifest counts too.
     *
     * @throws IOException if a jar cannot be read
     */
    public static List<Path> onClassPath() throws IOException {
        Set<Path> classPath = new LinkedHashSet<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            classPath.add(path);
            if (Files.isRegularFile(path)) {
                classPath.addAll(manifestClassPath(path));
            }
        }
        TreeMap<String, Path> found = new TreeMap<>();
        for (Path path : classPath) {
            if (belongs(path)) {
                found.putIfAbsent(path.getFileName().toString(), path);
            }
        }
        return List.copyOf(found.values());
    }

    private static List<Path> manifestClassPath(Path jar) throws IOException {
        List<Path> paths = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            String classPath =
                    manifest == null
                            ? null
                            : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            if (classPath != null) {
                for (String entry : classPath.strip().split(" +", -1)) {
                    URI uri = jar.toUri().resolve(entry);
                    if (uri.getScheme().equals("file")) {
                        paths.add(Path.of(uri));
                    }
                }
            }
        }
        return paths;
    }

    /** Returns whether a file is one of the jars, in any version. */
    private static boolean belongs(Path path) throws IOException {
        if (!Files.isRegularFile(path) || !path.toString().endsWith(".jar")) {
            return false;
        }
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.stream()
                    .anyMatch(entry -> COORDINATES.stream().anyMatch(entry.getName()::startsWith));
        } catch (ZipException e) {
            return false;
        }
    }

    /**
     * Returns the names of those jars in a directory that are not among the given ones: of other
     * versions or for other machines.
     *
     * @throws IOException if the directory cannot be read
     */
    public static List<String> others(Path directory, List<Path> jars) throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                if (belongs(file)) {
                    names.add(file.getFileName().toString());
                }
            }
        }
        jars.forEach(jar -> names.remove(jar.getFileName().toString()));
        return List.copyOf(names);
    }

    /**
     * Copies jars to a directory, and replaces those of the same name. Each appears there complete
     * or not at all.
     *
     * @return number of bytes
     * @throws IOException if the directory cannot be written to
     */
    public static long copy(List<Path> jars, Path directory) throws IOException {
        long bytes = 0;
        for (Path jar : jars) {
            Path partial = directory.resolve(jar.getFileName() + ".partial");
            try {
                Files.copy(jar, partial, StandardCopyOption.REPLACE_EXISTING);
                Files.move(
                        partial,
                        directory.resolve(jar.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(partial);
            }
            bytes += Files.size(jar);
        }
        return bytes;
    }
}
