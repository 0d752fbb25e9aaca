package io.freshet.local.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.features.FieldPath;
import io.freshet.features.MessageLimits;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataFileTest {
    private static final Charset WINDOWS = Charset.forName("windows-1252");

    @TempDir private Path directory;

    private DataFile file(String name, byte[] bytes) throws IOException {
        Path file = Files.write(directory.resolve(name), bytes);
        return DataFile.of(file, null, null, true);
    }

    private DataFile file(String name, String text) throws IOException {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the rows, each as the text of its names and values. */
    private static List<String> rows(DataFile file) throws IOException {
        List<String> rows = new ArrayList<>();
        try (RowReader reader = file.open()) {
            for (Row row = reader.next(); row != null; row = reader.next()) {
                List<String> cells = new ArrayList<>();
                for (int i = 0; i < row.paths().size(); i++) {
                    cells.add(row.paths().get(i) + "=" + row.values().get(i));
                }
                rows.add(String.join(" ", cells));
            }
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a,y\n1,up\n-2.5,down\n",
                "a;y\n1;up\n-2.5;down\n",
                "a\ty\r\n1\tup\r\n-2.5\tdown",
                "a|y\n1|up\n-2.5|down\n",
                " a , y\u00A0 \n 1 , up\u00A0\n -2.5 ,down \n\n",
                "a,y\n1,up,\n-2.5,down,\n",
                "\uFEFFa,y\n1,up\n-2.5,down\n"
            })
    void cells_areTheSame_whateverStandsBetweenAndAroundThem(String text) throws IOException {
        assertThat(rows(file("f.csv", text))).containsExactly("a=1 y=up", "a=-2.5 y=down");
    }

    @Test
    void separatorOtherThanAComma_isTold() throws IOException {
        assertThat(file("f.csv", "a;y\n1,5;up\n").assumptions())
                .containsExactly("the separator of the cells is a semicolon");
        assertThat(file("f.csv", "a,y\n1,up\n").assumptions()).isEmpty();
    }

    @Test
    void largeFile_isDetectedByItsFirstLines() throws IOException {
        assertThat(rows(file("f.csv", "a;y\n" + "1,5;up\n".repeat(50_000))))
                .hasSize(50_000)
                .contains("a=1,5 y=up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE", "windows-1252"})
    void encoding_isDetected(String name) throws IOException {
        Charset charset = Charset.forName(name);
        String mark = name.startsWith("UTF-16") ? "\uFEFF" : "";
        DataFile file = file("f.csv", (mark + "a,y\n1,café\n2,thé\n").getBytes(charset));

        assertThat(rows(file)).containsExactly("a=1 y=café", "a=2 y=thé");
        assertThat(file.assumptions())
                .hasSize(charset.equals(WINDOWS) ? 1 : 0)
                .allMatch(text -> text.startsWith("the encoding is taken to be Windows-1252"));
    }

    @Test
    void utf16WithoutAMark_isDetected() throws IOException {
        assertThat(rows(file("f.csv", "a,y\n1,up\n".getBytes(StandardCharsets.UTF_16LE))))
                .containsExactly("a=1 y=up");
    }

    @Test
    void bytesThatAreInvalidInTheEncodingGiven_areRefused() throws IOException {
        Path file = Files.write(directory.resolve("f.csv"), "a,y\n1,café\n".getBytes(WINDOWS));

        assertThatThrownBy(
                        () -> rows(DataFile.of(file, FileFormat.CSV, StandardCharsets.UTF_8, true)))
                .isInstanceOf(CharacterCodingException.class);
    }

    @Test
    void gzippedFile_isReadAsAPlainOne_andOneThatEndsTooEarlyIsRefused() throws IOException {
        Path gz = directory.resolve("f.csv"); // its bytes tell, not its name
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write("a,y\n1,up\n".repeat(10_000).getBytes(StandardCharsets.UTF_8));
        }
        assertThat(rows(DataFile.of(gz, null, null, true))).hasSize(19_999);

        byte[] bytes = Files.readAllBytes(gz);
        DataFile cut = file("cut.csv.gz", Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> rows(cut)).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "a,b,a\\n1,2,3!line 1: the column \"a\" is there twice",
                "1,2.5,-3\\n1,2,3!the header has numbers only; is there none? --no-header",
                "1,2,1\\n1,2,3!the header has numbers only; is there none? --no-header",
                "a,b\\n1,2\\n1,2,3!line 3: the row has 3 cells, but the header has 2",
                "''!the file is empty"
            })
    void invalidTable_isRefused(String text, String problem) throws IOException {
        DataFile file = file("f.csv", text.replace("\\n", "\n"));

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void tableWithoutAHeader_hasNumberedColumns() throws IOException {
        Path file = Files.writeString(directory.resolve("f.csv"), "4,x\n5,y\n");

        assertThat(rows(DataFile.of(file, null, null, false)))
                .containsExactly("1=4 2=x", "1=5 2=y");
    }

    @Test
    void columnWithoutAName_getsOne() throws IOException {
        assertThat(rows(file("f.csv", ",y\n0,up\n"))).containsExactly("column 1=0 y=up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?", "NA", "NaN", "null", "NULL", " na "})
    void missingWord_isNoValue(String word) throws IOException {
        assertThat(rows(file("f.csv", "a,y\n" + word + ",up\n"))).containsExactly("a=null y=up");
        assertThat(
                        rows(
                                file(
                                        "f.arff",
                                        "@attribute a numeric\n@attribute y {up}\n@data\n"
                                                + (word.isEmpty() ? "''" : word)
                                                + ",up\n")))
                .containsExactly("a=null y=up");
    }

    @Test
    void jsonLines_havePathsForNestedFields() throws IOException {
        DataFile file =
                file(
                        "f.jsonl",
                        """
                        {"a":{"b":1.50,"c":[true,null,{"d":"x"}]},"e.f":"","g":NaN}

                        {}
                        """);

        assertThat(rows(file))
                .containsExactly(
                        "a.b=1.50 a.c[0]=true a.c[1]=null a.c[2].d=x [\"e.f\"]=null g=null", "");
        try (RowReader reader = file.open()) {
            Row row = reader.next();
            assertThat(row).isNotNull();
            assertThat(row.json()).isNotNull();
            assertThat(new String(row.json(), StandardCharsets.UTF_8)).startsWith("{\"a\":{");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1]", "{\"a\":1", "{\"a\":1}{\"a\":2}", "up,1"})
    void lineThatIsNoJsonObject_isRefused(String line) throws IOException {
        DataFile file = file("f.json", "{\"a\":0}\n" + line + "\n");

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessageStartingWith("line 2: not a JSON object");
    }

    @ParameterizedTest
    @ValueSource(strings = {"input", "f.txt"})
    void fileWhoseNameSaysNoFormat_hasJsonLines_ifItBeginsWithABrace(String name)
            throws IOException {
        DataFile file = file(name, "\n {\"a\":1}\n");

        assertThat(file.format()).isEqualTo(FileFormat.JSON);
        assertThat(file.assumptions())
                .containsExactly("the file has JSON lines (--file-format sets another format)");
        assertThat(file(name, "a,y\n1,{\n").format()).isEqualTo(FileFormat.CSV);
        assertThat(file("f.csv", "{\"a\":1}\n").format()).isEqualTo(FileFormat.CSV);
    }

    @Test
    void fileWithATitle_isCalledByIt() throws IOException {
        Path path = Files.writeString(directory.resolve("input"), "a,y\n");
        DataFile file = DataFile.of(path, "standard input", null, null, true);

        assertThat(file.title()).isEqualTo("standard input");
        assertThat(file.name()).isEqualTo("standard input");
        assertThat(file("f.csv", "a,y\n").title()).isEqualTo(directory.resolve("f.csv").toString());
    }

    @Test
    void arff_isReadDenseAndSparse() throws IOException {
        assertThat(
                        rows(
                                file(
                                        "f.arff",
                                        """
                                        % a comment
                                        @RELATION 'r s'

                                        @attribute 'the a' real
                                        @Attribute y {'up', "do, wn"}
                                        @attribute d date "yyyy"
                                        @DATA
                                        1,'up',2024
                                        %
                                        ?, "do, wn" , '2023'
                                        {1 "do, wn", 2 1999}
                                        {}
                                        """)))
                .containsExactly(
                        "the a=1 y=up d=2024-01-01T00:00Z",
                        "the a=null y=do, wn d=2023-01-01T00:00Z",
                        "the a=0 y=do, wn d=1999-01-01T00:00Z",
                        "the a=0 y=up d=1970-01-01T00:00Z");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "@attribute a real\\n!the file has no @data",
                "@data\\n!line 1: @data comes before any @attribute",
                "a,b\\n!line 1: @relation, @attribute or @data is expected",
                "@attribute a\\n!an attribute has a name and a type",
                "@attribute a real\\n@attribute a real\\n!the attribute \"a\" is there twice",
                "@attribute a real\\n@data\\n1,2!line 3: the row has 2 values, but there are 1",
                "@attribute a real\\n@data\\n'1!line 3: a quote is not closed",
                "@attribute a real\\n@data\\n{1 2}!\"1 2\" is not the index of an attribute",
                "@attribute a real\\n@data\\n{0 2, 0 3}!line 3: the index 0 is there twice",
                "@attribute a real\\n"
                        + "@data\\n"
                        + "1\\n"
                        + "red!line 4: the value \"red\" of \"a\" is not a number",
                "@attribute a {x,y}\\n"
                        + "@data\\n"
                        + "x\\n"
                        + "z!line 4: the value \"z\" of \"a\" is not among its",
                "@attribute a {x,y}\\n@data\\n{0 z}!line 3: the value \"z\" of \"a\" is not among",
                "@attribute a date\\n"
                        + "@data\\n"
                        + "2024!the value \"2024\" of \"a\" does not have its date",
                "@attribute a date 'bb'\\n@data!line 1: attribute \"a\": the date format \"bb\"",
                "@attribute a {x,x}\\n@data!line 1: attribute \"a\": a name is empty, or declared",
                "@attribute a relational\\n@data!relational attributes are not supported",
                "@attribute a colour\\n"
                        + "@data!the type \"colour\" is not numeric, real, integer, str",
                "@attribute a real\\n@data\\n1,{5}!line 3: weights of rows, such as {5}, are not",
                "@attribute a real\\n@data\\n{0 1}, {5}!line 3: weights of rows, such as {5}, are"
            })
    void invalidArff_isRefused(String text, String problem) throws IOException {
        DataFile file = file("f.arff", text.replace("\\n", "\n"));

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void libsvm_hasALabelAndIndices() throws IOException {
        DataFile file = file("f.libsvm", "+1 qid:3 1:0.5 7:-2 # comment\n\n-1 2:1e3\n3:4\n");

        assertThat(rows(file)).containsExactly("label=1 1=0.5 7=-2", "label=-1 2=1e3", "3=4");
        assertThat(file.format().isSparse()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 2:1 3:1 2:4", "2:1 02:4"})
    void repeatedIndex_isRefused(String line) throws IOException {
        DataFile file = file("f.svm", "1 1:1\n" + line + "\n");

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessage("line 2: the index 2 is there twice");
    }

    @Test
    void whatIsBeyondTheLimitsOfAJob_isRefused() throws IOException {
        String text = "x".repeat(MessageLimits.TEXT_LENGTH + 1);

        for (DataFile file :
                List.of(
                        file("f.csv", "a,y\n1,up\n" + text + ",up\n"),
                        file("f.jsonl", "{}\n\n{\"a\":\"" + text + "\"}\n"))) {
            assertThatThrownBy(() -> rows(file))
                    .isInstanceOf(InvalidFileException.class)
                    .hasMessageStartingWith("line 3: ");
        }
        String deep = "[".repeat(MessageLimits.NESTING) + "]".repeat(MessageLimits.NESTING);
        DataFile nested = file("nested.jsonl", "{\"a\":" + deep + "}\n");
        assertThatThrownBy(() -> rows(nested))
                .isInstanceOf(InvalidFileException.class)
                .hasMessageContaining("nesting depth");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 a:2", "1 3", "1 2:x", "1 2:0x1p4"})
    void invalidLibsvm_isRefused(String line) throws IOException {
        DataFile file = file("f.svm", "1 1:1\n" + line + "\n");

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessageStartingWith("line 2: ")
                .hasMessageContaining("is not an index and a number");
    }

    @Test
    void vowpalWabbit_hasNamespacesImportanceAndTag() throws IOException {
        assertThat(
                        rows(
                                file(
                                        "f.vw",
                                        """
                                        1 2.5 'tag1|user:2 age:3 tall |item price:0.5
                                        -1 | a b:2
                                        |x c c:2 | a^b weight |x c:0.5
                                        """)))
                .containsExactly(
                        "tag=tag1 label=1 weight=2.5 user^age=6.0 user^tall=2.0 item^price=0.5",
                        "label=-1 a=1.0 b=2.0",
                        "x^c=3.5 ^a^b=1.0 ^weight=1.0");
    }

    @ParameterizedTest
    @CsvSource({
        "1 a b,\"|\" is missing before the features",
        "1 heavy |x a,the importance \"heavy\" is not a number",
        "1 |x a:b,the value of \"a:b\" is not a number"
    })
    void invalidVowpalWabbit_isRefused(String line, String problem) throws IOException {
        DataFile file = file("f.vw", line + "\n");

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(InvalidFileException.class)
                .hasMessage("line 1: " + problem);
    }

    @Test
    void nameWithADot_isOneName() throws IOException {
        try (RowReader reader = file("f.csv", "sepal.length,y\n1,up\n").open()) {
            Row row = reader.next();
            assertThat(row).isNotNull();
            assertThat(row.paths()).first().isEqualTo(FieldPath.of("sepal.length"));
        }
    }
}
