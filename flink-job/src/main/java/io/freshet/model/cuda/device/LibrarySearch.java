package io.freshet.model.cuda.device;

import static java.util.function.Predicate.not;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A search for libraries of CUDA: in the given folder, by the system's loader, then in the folders
 * of {@code LD_LIBRARY_PATH} and {@code CUDA_PATH}, {@code /usr/local/cuda}, {@code
 * /usr/local/cuda-*} in descending order, and the system's.
 */
final class LibrarySearch {
    private static final List<String> FOLDERS_OF_A_TOOLKIT =
            List.of("lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib");

    private static final List<String> SYSTEM_FOLDERS =
            List.of("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64");

    private static final Pattern TOOLKIT = Pattern.compile("cuda-\\d.*");

    private static final Pattern BUILTINS =
            Pattern.compile("libnvrtc-builtins\\.so\\." + CudaLibrary.MAJOR + "\\.\\d+");

    private final @Nullable Path given;
    private final Map<String, String> environment;
    private final Path root;

    /**
     * @param given a folder that is searched first; null for none
     * @param environment environment variables
     * @param root root of the file system
     */
    LibrarySearch(@Nullable Path given, Map<String, String> environment, Path root) {
        this.given = given == null ? null : given.toAbsolutePath();
        this.environment = environment;
        this.root = root;
    }

    /**
     * Returns what to give to the loader, one after the other until it loads something: absolute
     * paths of files that exist and, for the loader's own search, the name.
     */
    List<String> candidates(String name) {
        List<String> candidates = new ArrayList<>();
        if (given != null && Files.isRegularFile(given.resolve(name))) {
            candidates.add(given.resolve(name).toString());
        }
        candidates.add(name);
        find(name).map(Path::toString).filter(not(candidates::contains)).ifPresent(candidates::add);
        return candidates;
    }

    /** Returns the first file with a name in the folders. */
    Optional<Path> find(String name) {
        return folders().stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** Returns the given folder if it does not exist. */
    Optional<Path> missingFolder() {
        return Optional.ofNullable(given).filter(not(Files::isDirectory));
    }

    private List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        if (given != null) {
            folders.add(given);
        }
        for (String entry : variable("LD_LIBRARY_PATH").split("[:;]", -1)) {
            if (!entry.isBlank()) {
                folders.add(Path.of(entry).toAbsolutePath());
            }
        }
        List<Path> toolkits = new ArrayList<>();
        if (!variable("CUDA_PATH").isBlank()) {
            toolkits.add(Path.of(variable("CUDA_PATH")).toAbsolutePath());
        }
        toolkits.add(root.resolve("usr/local/cuda"));
        toolkits.addAll(children(root.resolve("usr/local"), TOOLKIT));
        for (Path toolkit : toolkits) {
            FOLDERS_OF_A_TOOLKIT.forEach(folder -> folders.add(toolkit.resolve(folder)));
        }
        SYSTEM_FOLDERS.forEach(folder -> folders.add(root.resolve(folder)));
        return folders;
    }

    private String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    /** Returns the parts of the compiler that are beside it; none if it has no folder. */
    static List<String> builtins(Path compiler) {
        Path folder = compiler.getParent();
        return folder == null
                ? List.of()
                : children(folder, BUILTINS).stream().map(Path::toString).toList();
    }

    /** Returns what a folder has under names of a form, in descending order. */
    private static List<Path> children(Path folder, Pattern names) {
        if (!Files.isDirectory(folder) || !Files.isReadable(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> names.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.reverseOrder())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " cannot be listed", e);
        }
    }
}
