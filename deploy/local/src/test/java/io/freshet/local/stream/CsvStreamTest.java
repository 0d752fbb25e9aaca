package io.freshet.local.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvStreamTest {
    @TempDir private Path directory;

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("s.csv"), text);
    }

    private static List<LabelledStream.Example> all(LabelledStream stream) {
        List<LabelledStream.Example> all = new ArrayList<>();
        try (LabelledStream.Examples examples = stream.examples()) {
            examples.forEachRemaining(all::add);
        }
        return all;
    }

    @Test
    void columnsExceptTheLabel_areTheFeatures_inTheirOrder() throws IOException {
        CsvStream stream = new CsvStream(file("a,y,b\n1,up,2.5\n-3,down,4e2\n5,,6\n"), "y");

        assertThat(stream.numFeatures()).isEqualTo(2);
        assertThat(stream.classes()).containsExactly("down", "up");
        assertThat(stream.size()).isEqualTo(3);
        List<LabelledStream.Example> examples = all(stream);
        assertThat(examples)
                .extracting(LabelledStream.Example::label)
                .containsExactly("up", "down", null);
        assertThat(examples.get(1).features()).containsExactly(-3f, 400f);
    }

    @Test
    void numericClasses_areInNumericOrder() throws IOException {
        assertThat(new CsvStream(file("x,y\n1,10\n1,9\n1,-1\n"), "y").classes())
                .containsExactly("-1", "9", "10");
    }

    @Test
    void gzippedFile_isReadAsAPlainOne() throws IOException {
        Path gz = directory.resolve("s.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write("x,y\n1,a\n2,b\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(all(new CsvStream(gz, "y"))).hasSize(2);
    }

    @Test
    void invalidFile_isReportedInOneLine() throws IOException {
        assertRefused("", "y", " is empty");
        assertRefused("x,y\n", "y", " has a header but no rows");
        assertRefused("x,y\n1,a\n", "z", " has no column \"z\"; it has x, y");
        assertRefused("y\na\nb\n", "y", " has no feature column besides \"y\"");
        assertRefused(
                "x,y\n1,a\n2,a\n",
                "y",
                ": column \"y\" must have at least two different labels, but has 1");
        assertRefused(
                "x,y\n1,a\n2,b,3\n", "y", ", line 3: the row has 3 cells, but the header has 2");
        assertRefused(
                "x,y\n1,a\nred,b\n",
                "y",
                ", line 3, column \"x\": the feature \"red\" is not a number");
        assertRefused("x,y\n1,\"a,b\"\n2,c\n", "y", ": the label \"a,b\" contains a comma");
        Path missing = directory.resolve("none.csv");
        assertThatThrownBy(() -> new CsvStream(missing, "y"))
                .isInstanceOf(UserException.class)
                .hasMessage(missing + " does not exist");
    }

    private void assertRefused(String text, String label, String message) throws IOException {
        Path file = file(text);
        assertThatThrownBy(() -> new CsvStream(file, label))
                .isInstanceOf(UserException.class)
                .hasMessage(file + message);
    }
}
