package io.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Test that the files exist that the repository's Markdown pages name or link to. */
class DocumentationTest {
    private static final Path ROOT = Path.of("..");

    /** Directories that the paths in {@code CONTRIBUTING.md} are relative to. */
    private static final List<Path> BASES =
            List.of(
                    ROOT,
                    ROOT.resolve("flink-job/src/main/java/io/freshet"),
                    ROOT.resolve("flink-job/src/test/java/io/freshet"));

    private static final Set<String> SKIPPED_DIRECTORIES = Set.of(".git", "target");

    /** Text in backticks without spaces that has a slash or ends with a file's extension. */
    private static final Pattern NAMED_PATH =
            Pattern.compile(
                    "`([\\w.$<>/-]+/[\\w.$<>/-]*|[\\w.-]+\\.(?:avsc|java|js|md|properties|xml))`");

    private static final Pattern RELATIVE_LINK =
            Pattern.compile("\\]\\((?!https?:|#|mailto:)([^)#\\s]+)(?:#[^)\\s]*)?\\)");

    private static final Pattern FENCED_CODE = Pattern.compile("(?ms)^```.*?^```");

    @Test
    void filesThatContributingNames_exist() throws IOException {
        List<String> named = namedPaths(Files.readString(ROOT.resolve("CONTRIBUTING.md")));

        assertThat(named).hasSizeGreaterThan(20);
        assertThat(named).as("missing files").filteredOn(path -> !exists(path)).isEmpty();
    }

    @Test
    void relativeLinks_leadToFiles() throws IOException {
        for (Path page : pages()) {
            assertThat(groups(RELATIVE_LINK, Files.readString(page)))
                    .as("broken links of " + page)
                    .filteredOn(link -> !Files.exists(page.resolveSibling(link)))
                    .isEmpty();
        }
    }

    @Test
    void everyDecision_isInTheIndex() throws IOException {
        Path decisions = ROOT.resolve("flink-job/decisions");
        String index = Files.readString(decisions.resolve("README.md"));

        try (Stream<Path> pages = Files.list(decisions)) {
            assertThat(pages.map(page -> page.getFileName().toString()))
                    .filteredOn(name -> !name.equals("README.md"))
                    .hasSizeGreaterThan(40)
                    .filteredOn(name -> !index.contains("(" + name + ")"))
                    .isEmpty();
        }
    }

    private static List<String> namedPaths(String page) {
        return groups(NAMED_PATH, FENCED_CODE.matcher(page).replaceAll(""));
    }

    /** Returns whether a path exists, up to a placeholder in angle brackets. */
    private static boolean exists(String path) {
        int placeholder = path.indexOf('<');
        String fixed =
                placeholder < 0 ? path : path.substring(0, path.lastIndexOf('/', placeholder) + 1);
        return BASES.stream().anyMatch(base -> Files.exists(base.resolve(fixed)));
    }

    private static List<String> groups(Pattern pattern, String text) {
        return pattern.matcher(text).results().map((MatchResult found) -> found.group(1)).toList();
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        Files.walkFileTree(
                ROOT,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) {
                        return SKIPPED_DIRECTORIES.contains(directory.getFileName().toString())
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (file.toString().endsWith(".md")) {
                            pages.add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        return pages;
    }
}
