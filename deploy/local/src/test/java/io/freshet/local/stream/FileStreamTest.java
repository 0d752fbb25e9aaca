package io.freshet.local.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.table.DataFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class FileStreamTest {
    @TempDir private Path directory;

    private FileStream stream(String name, String text, String... options) throws IOException {
        return streamIgnoring(null, name, text, options);
    }

    private FileStream streamIgnoring(
            @Nullable String ignored, String name, String text, String... options)
            throws IOException {
        FieldChoice choice = new FieldChoice();
        CommandLine.populateCommand(choice, options);
        Path file = Files.writeString(directory.resolve(name), text);
        return FileStream.read(DataFile.of(file, null, null, true), choice, ignored, 1, null);
    }

    private static List<String> messages(LabelledStream stream) {
        List<String> all = new ArrayList<>();
        try (LabelledStream.Items<byte[]> messages = stream.messages()) {
            messages.forEachRemaining(json -> all.add(new String(json, StandardCharsets.UTF_8)));
        }
        return all;
    }

    /** Returns a table of so many rows, in each of which {@code #} is the number of the row. */
    private static String table(String header, int rows, String... cycle) {
        StringBuilder table = new StringBuilder(header).append('\n');
        for (int i = 0; i < rows; i++) {
            table.append(cycle[i % cycle.length].replace("#", Integer.toString(i))).append('\n');
        }
        return table.toString();
    }

    private Map<String, String> settings(String header, String... cycle) throws IOException {
        return stream("f.csv", table(header, 40, cycle)).settings();
    }

    @Test
    void columnsExceptTheLabel_areTheFeatures_inTheirOrder() throws IOException {
        FileStream stream =
                stream("s.csv", "a,y,b\n1,up,2.5\n-3,down,+4e2\n5,,.6\n", "--label", "y");

        assertThat(stream.numFeatures()).isEqualTo(2);
        assertThat(stream.classes()).containsExactly("down", "up");
        assertThat(stream.size()).isEqualTo(3);
        assertThat(stream.settings())
                .containsExactly(
                        Map.entry("source.format", "json"),
                        Map.entry("features", "a,b"),
                        Map.entry("label", "y"),
                        Map.entry("classes", "down,up"));
        assertThat(messages(stream))
                .containsExactly(
                        "{\"a\":1,\"y\":\"up\",\"b\":2.5}",
                        "{\"a\":-3,\"y\":\"down\",\"b\":4E+2}",
                        "{\"a\":5,\"y\":null,\"b\":0.6}");
        List<LabelledStream.Example> examples = new ArrayList<>();
        try (LabelledStream.Items<LabelledStream.Example> decoded = stream.examples()) {
            decoded.forEachRemaining(examples::add);
        }
        assertThat(examples)
                .extracting(LabelledStream.Example::label)
                .containsExactly("up", "down", null);
        assertThat(examples.get(1).features()).containsExactly(-3f, 400f);
    }

    @Test
    void numericClasses_areInNumericOrder() throws IOException {
        assertThat(stream("f.csv", "x,y\n1,10\n1,9\n1,-1\n").classes())
                .containsExactly("-1", "9", "10");
    }

    @Test
    void classWithAComma_isQuoted() throws IOException {
        assertThat(settings("x,y", "#.5,none", "#.5,\"rent, private\""))
                .containsEntry("classes", "none,\"rent, private\"");
    }

    @Test
    void kinds_followTheValues() throws IOException {
        assertThat(
                        settings(
                                "when,city,on,code,y",
                                "2024-01-01 10:00,Oslo,yes,1d,a",
                                "2024-01-02 10:00,Rome,no,2f,b"))
                .containsEntry(
                        "features",
                        "when:time,city:categorical(Oslo|Rome),on:boolean,code:categorical(1d|2f)");
    }

    @Test
    void numbersWithCommasBetweenGroups_areNumbers() throws IOException {
        FileStream stream = stream("f.csv", "amount,y\n\"7,269\",hi\n767,lo\n\"1,000,000.5\",hi\n");

        assertThat(stream.settings()).containsEntry("features", "amount");
        assertThat(stream.assumptions())
                .contains("commas in \"amount\" are between groups of digits");
        assertThat(messages(stream)).first().isEqualTo("{\"amount\":7269,\"y\":\"hi\"}");
    }

    @Test
    void numbersWithDecimalCommas_areNumbers_whereCellsAreSeparatedOtherwise() throws IOException {
        FileStream stream = stream("f.csv", "amount;y\n7,25;hi\n-0,5;lo\n");

        assertThat(stream.assumptions()).contains("commas in \"amount\" are decimal points");
        assertThat(messages(stream))
                .containsExactly(
                        "{\"amount\":7.25,\"y\":\"hi\"}", "{\"amount\":-0.5,\"y\":\"lo\"}");
    }

    @Test
    void timesAsNumbers_areCountedFromTheFirst() throws IOException {
        FileStream stream =
                stream("f.csv", "ts,y\n1700000030,late\n1700000009,early\n1700000031,late\n");

        assertThat(stream.settings()).containsEntry("features", "ts:numeric(origin=1700000009)");
        assertThat(stream.assumptions())
                .contains(
                        "\"ts\" is counted from 1700000009, since floats cannot hold numbers of its"
                                + " size");
    }

    @Test
    void idAndRowNumber_areNoFeatures() throws IOException {
        FileStream stream = stream("f.csv", table(",id,a,y", 40, "#,u#,0.5,up", "#,u#,1.5,down"));

        assertThat(stream.settings()).containsEntry("features", "a").containsEntry("id", "id");
        assertThat(stream.proposal().unused())
                .extracting(unused -> unused.path() + ": " + unused.reason())
                .containsExactly(
                        "column 1: it numbers the rows",
                        "id: it looks like an id: no value occurs twice");
    }

    @Test
    void fieldsThatCannotBeUsed_areLeftOutWithTheReason() throws IOException {
        FileStream stream =
                stream(
                        "f.csv",
                        table("empty,same,nearly,a,y", 40, ",x,1.5,1,up", ",x,2.5,2,down")
                                + ",x,red,3,up\n");

        assertThat(stream.settings()).containsEntry("features", "a");
        assertThat(stream.proposal().unused())
                .extracting(unused -> unused.path() + ": " + unused.reason())
                .containsExactly(
                        "empty: it has no values",
                        "same: it always has the same value",
                        "nearly: 40 of 41 values are numbers, but \"red\" is none");
    }

    @Test
    void missingLabelsAndValues_areCounted() throws IOException {
        FileStream stream = stream("f.csv", "a,b,y\n?,1,up\n2,NA,?\n3,4,down\n4,,up\n");

        assertThat(stream.classes()).containsExactly("down", "up");
        assertThat(stream.proposal().unlabelled()).isEqualTo(1);
        assertThat(stream.proposal().missing().values()).containsExactly(1L, 2L);
    }

    @Test
    void ignoredLabel_isNoClass() throws IOException {
        FileStream stream = streamIgnoring("2", "f.csv", "a,y\n1,1\n2,2\n3,3\n4,2\n");

        assertThat(stream.classes()).containsExactly("1", "3");
        assertThat(stream.proposal().ignored()).isEqualTo(2);
    }

    @Test
    void options_choose() throws IOException {
        FileStream stream =
                stream(
                        "f.csv",
                        """
                        a,b,c,d,m,w,when,y
                        1,2,3,k1,m1,0.5,1700000000,up
                        2,3,4,k2,m1,0.5,1700000001,down
                        """,
                        "--label",
                        "y",
                        "--drop",
                        "b",
                        "--id",
                        "d",
                        "--model",
                        "m",
                        "--weight",
                        "w",
                        "--time",
                        "when");

        assertThat(stream.settings())
                .containsEntry("features", "a,c")
                .containsEntry("id", "d")
                .containsEntry("model", "m")
                .containsEntry("weight", "w")
                .containsEntry("timestamp", "when");
        assertThat(
                        stream("f.csv", "a,b,c,y\n1,2,3,up\n2,3,4,down\n", "--features", "c,a")
                                .settings())
                .containsEntry("features", "a,c");
    }

    @Test
    void sparseFile_hasZerosForAbsentFeatures() throws IOException {
        assertThat(stream("f.libsvm", "+1 1:0.5 10:2\n-1 2:1\n").settings())
                .containsEntry("features", "1,2,10")
                .containsEntry("label", "label")
                .containsEntry("classes", "-1,1")
                .containsEntry("features.missing", "zero");
    }

    @Test
    void listOfNumbersInEveryRow_isOneRange() throws IOException {
        FileStream stream =
                stream(
                        "f.jsonl",
                        "{\"y\":\"a\",\"v\":[1,2,3],\"w\":[1]}\n{\"y\":\"b\",\"v\":[1,2,3.5]}\n");

        assertThat(stream.settings()).containsEntry("features", "v[0:3],w[0]");
        assertThat(messages(stream)).first().asString().startsWith("{\"y\":\"a\",\"v\":[1,2,3]");
    }

    @Test
    void epochs_repeatTheRows_andShufflingDrawsAnotherOrderInEach() throws IOException {
        Path file = directory.resolve("f.csv");
        Files.writeString(file, table("a,y", 30, "#.5,up", "#.5,down"));
        DataFile data = DataFile.of(file, null, null, true);

        List<String> once = messages(FileStream.read(data, new FieldChoice(), null, 1, null));
        List<String> twice = messages(FileStream.read(data, new FieldChoice(), null, 2, null));
        FileStream shuffled = FileStream.read(data, new FieldChoice(), null, 2, 7L);
        List<String> drawn = messages(shuffled);

        assertThat(twice.subList(0, 30)).isEqualTo(once);
        assertThat(twice.subList(30, 60)).isEqualTo(once);
        assertThat(shuffled.size()).isEqualTo(60);
        assertThat(drawn.subList(0, 30))
                .containsExactlyInAnyOrderElementsOf(once)
                .isNotEqualTo(once);
        assertThat(drawn.subList(30, 60))
                .containsExactlyInAnyOrderElementsOf(once)
                .isNotEqualTo(drawn.subList(0, 30));
        assertThat(messages(FileStream.read(data, new FieldChoice(), null, 2, 7L)))
                .isEqualTo(drawn);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "x,y\\n!: the file has no rows!",
                "x,y\\n1,a\\n2,b!: --label z: there is no such field; there are x, y!z",
                "y\\na\\nb\\n!: there is no feature besides the label \"y\"!",
                "x,y\\n1,a\\n2,a!: \"y\" must have at least two different labels, but has 1!",
                "x,z\\n1,a\\n2,b\\n!: which field is the label? --label says so!",
                "x,y\\n1,a\\n2,b,3\\n!: line 3: the row has 3 cells, but the header has 2!",
                "x,y\\n1,\\n2,?\\n!: no row has a label in \"y\"!"
            })
    void invalidFile_isReportedInOneLine(String text, String message, @Nullable String label) {
        String[] options = label == null ? new String[0] : new String[] {"--label", label};
        assertThatThrownBy(() -> stream("f.csv", text.replace("\\n", "\n"), options))
                .isInstanceOf(UserException.class)
                .hasMessage(directory.resolve("f.csv") + message);
    }
}
