package io.freshet;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Test of the Javadoc of every type in the sources and tests of all modules, nested types included:
 * the first sentence must not begin with a question word, since it says what the type is.
 */
class JavadocTest {
    private static final Path ROOT = Path.of("..");

    private static final List<String> MODULES =
            List.of("schemas", "model", "model-kafka", "flink-job", "sql", "deploy/local");

    private static final Set<String> QUESTION_WORDS = Set.of("what", "how", "where", "whether");

    private static final Pattern FIRST_WORD = Pattern.compile("\\w+");

    @Test
    void typeJavadoc_saysWhatTheTypeIs() throws IOException {
        List<Path> sources = sources();

        assertThat(sources).hasSizeGreaterThan(300);
        assertThat(typesThatBeginWithAQuestionWord(sources)).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }

    private static List<String> typesThatBeginWithAQuestionWord(List<Path> sources)
            throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> found = new ArrayList<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    files,
                                    null,
                                    List.of("-proc:none"),
                                    null,
                                    files.getJavaFileObjectsFromPaths(sources));
            DocTrees docs = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new TypeScanner(docs).scan(unit, found);
            }
        }
        return found;
    }

    /** Scanner that adds the types whose Javadoc begins with a question word to a list. */
    private static final class TypeScanner extends TreePathScanner<Void, List<String>> {
        private final DocTrees docs;

        TypeScanner(DocTrees docs) {
            this.docs = docs;
        }

        @Override
        public Void visitClass(ClassTree type, List<String> found) {
            DocCommentTree doc = docs.getDocCommentTree(getCurrentPath());
            if (doc != null) {
                String text =
                        doc.getFirstSentence().stream()
                                .map(Object::toString)
                                .collect(Collectors.joining());
                Matcher word = FIRST_WORD.matcher(text);
                if (word.find() && QUESTION_WORDS.contains(word.group().toLowerCase(Locale.ROOT))) {
                    String file = getCurrentPath().getCompilationUnit().getSourceFile().getName();
                    found.add(file + " " + type.getSimpleName() + ": " + text);
                }
            }
            return super.visitClass(type, found);
        }
    }
}
