package io.freshet.local.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.ingest.IngestConfig;
import io.freshet.local.cli.UserException;
import io.freshet.local.inspect.FieldChoice;
import io.freshet.local.inspect.HashedProposal;
import io.freshet.local.inspect.Proposal;
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
        return streamWith(Map.of(), name, text, options);
    }

    private FileStream streamWith(
            Map<String, String> settings, String name, String text, String... options)
            throws IOException {
        FieldChoice choice = new FieldChoice();
        CommandLine.populateCommand(choice, options);
        Path file = Files.writeString(directory.resolve(name), text);
        return FileStream.read(DataFile.of(file, null, null, true), choice, settings, 1, null);
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

    /** Returns a column of values, with a label that changes from row to row. */
    private FileStream column(String... values) throws IOException {
        StringBuilder table = new StringBuilder("x;y\n");
        for (int i = 0; i < values.length; i++) {
            table.append(values[i]).append(i % 2 == 0 ? ";up\n" : ";down\n");
        }
        return stream("f.csv", table.toString());
    }

    private static String assumed(FileStream stream) {
        return String.join("\n", stream.proposal().assumptions());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1700000000 1700000059 -99999999|x",
                "1700000000 1700000059 9e15|x",
                "3 -99999999 7|x",
                "-1700000000 -1700000059|x:numeric(origin=-1700000059)",
                "1700000000000 1700086400000|x:numeric(origin=1700000000000)",
                "20000001 36000000|x",
                "16777217 16777219|x:numeric(origin=16777217)"
            })
    void origin_isUsed_onlyWhereItMakesFloatsMoreExact(String values, String features)
            throws IOException {
        assertThat(column(values.split(" ", -1)).settings()).containsEntry("features", features);
    }

    @Test
    void valuesThatAFloatRounds_areCounted() throws IOException {
        assertThat(assumed(column("1700000001", "1700000059", "-99999999")))
                .isEqualTo(
                        "the label is \"y\" (--label sets another)\n"
                                + "3 of 3 values of \"x\" are rounded to multiples of up to 128"
                                + " where they become floats");
        assertThat(assumed(column("1700000000000", "1700086400000", "1700000000001")))
                .contains(
                        "\"x\" is counted from 1700000000000,",
                        "the values of \"x\" are rounded to multiples of up to 8 where");
        assertThat(assumed(column("16777217", "16777219"))).doesNotContain("rounded");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1.500 2,5|1500 2.5",
                "2,5 1.500|2.5 1500",
                "2,5 1.234.567,25|2.5 1234567.25",
                "1,234.5 7,269|1234.5 7269",
                "7,269 1,234.5|7269 1234.5",
                "0,125 7,269|0.125 7.269",
                "7,269 0,125|7.269 0.125",
                "1.5 2|1.5 2",
                "1.500 0.25|1.500 0.25"
            })
    void numberStyle_followsAllValues_whateverTheirOrder(String values, String numbers)
            throws IOException {
        String[] expected = numbers.split(" ", -1);
        assertThat(messages(column(values.split(" ", -1))))
                .containsExactly(
                        "{\"x\":" + expected[0] + ",\"y\":\"up\"}",
                        "{\"x\":" + expected[1] + ",\"y\":\"down\"}");
    }

    @Test
    void ambiguousNumbers_areTold_andFollowTheOtherColumns() throws IOException {
        assertThat(assumed(column("7,269", "1,234")))
                .contains("7,269 in \"x\" is read as 7.269; it could also be 7269");
        assertThat(assumed(column("1.500", "2.750")))
                .contains("1.500 in \"x\" is read as 1.500; it could also be 1500");
        assertThat(assumed(stream("f.csv", "x,y\n\"7,269\",up\n\"1,234\",down\n")))
                .contains("7,269 in \"x\" is read as 7269; it could also be 7.269");
        assertThat(assumed(stream("f.csv", "x,z,y\n1.500,1,up\n2.750,2,down\n")))
                .doesNotContain("could");

        FileStream points = stream("f.csv", "x;z;y\n1.500;2,5;up\n2.750;3,25;down\n");
        assertThat(assumed(points))
                .contains("1.500 in \"x\" is read as 1500; it could also be 1.500");
        assertThat(messages(points)).first().isEqualTo("{\"x\":1500,\"z\":2.5,\"y\":\"up\"}");
        FileStream commas = stream("f.csv", "x;z;y\n7,269;2.5;up\n1,234;3.25;down\n");
        assertThat(assumed(commas)).contains("7,269 in \"x\" is read as 7269;");
        assertThat(messages(commas)).first().isEqualTo("{\"x\":7269,\"z\":2.5,\"y\":\"up\"}");
    }

    @Test
    void numbersInTwoStyles_areNoFeature() throws IOException {
        FileStream stream = stream("f.csv", "x;z;y\n1.5;1;up\n2,5;2;down\n");

        assertThat(stream.settings()).containsEntry("features", "z");
        assertThat(stream.proposal().unused())
                .extracting(Proposal.Unused::reason)
                .containsExactly("its numbers are written in different ways, such as 1.5 and 2,5");
    }

    @Test
    void decimalCommasOfAWeight_areRead() throws IOException {
        FileStream stream = stream("f.csv", "x;w;y\n1;0,5;up\n2;1,25;down\n", "--weight", "w");

        assertThat(stream.settings()).containsEntry("weight", "w").containsEntry("features", "x");
        assertThat(assumed(stream)).contains("commas in \"w\" are decimal points");
        assertThat(messages(stream))
                .containsExactly(
                        "{\"x\":1,\"w\":0.5,\"y\":\"up\"}", "{\"x\":2,\"w\":1.25,\"y\":\"down\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"inf|\"inf\"", "-Infinity|\"-Infinity\"", "1e39|1e39"})
    void oneInfiniteValue_isToldAndSentAsItIs(String value, String sent) throws IOException {
        FileStream stream = column("1", value, "1700000000");

        assertThat(stream.settings()).containsEntry("features", "x");
        assertThat(stream.proposal().warnings())
                .containsExactly(
                        "1 value of \"x\" is infinite or too large for a float, and becomes a dead"
                                + " letter");
        assertThat(messages(stream).get(1)).isEqualTo("{\"x\":" + sent + ",\"y\":\"down\"}");
    }

    @Test
    void jsonLines_haveTheMissingWordsAndSpacesOfTables() throws IOException {
        FileStream stream =
                stream(
                        "f.jsonl",
                        """
                        {"x":1.50,"c":"red\\u00a0","l":["NA","3"],"y":" up\\u00a0"}
                        {"x":"?","c":"null","l":[1,2],"y":"down"}
                        {"x":"NA","c":"blue","l":[1,2],"y":""}
                        """);

        assertThat(stream.settings())
                .containsEntry("features", "x,c:categorical(blue|red),l[0],l[1]")
                .containsEntry("classes", "down,up");
        assertThat(stream.proposal().unlabelled()).isEqualTo(1);
        assertThat(messages(stream))
                .containsExactly(
                        "{\"x\":1.50,\"c\":\"red\",\"l\":[null,\"3\"],\"y\":\"up\"}",
                        "{\"x\":null,\"c\":null,\"l\":[1,2],\"y\":\"down\"}",
                        "{\"x\":null,\"c\":\"blue\",\"l\":[1,2],\"y\":null}");
    }

    @Test
    void declaredKindsOfArff_areUsed() throws IOException {
        FileStream stream =
                stream(
                        "f.arff",
                        """
                        @relation r
                        @attribute size {3,1,2}
                        @attribute on {yes,no,NA}
                        @attribute n numeric
                        @attribute d date "dd.MM.yyyy HH:mm"
                        @attribute s string
                        @attribute y {up,down,never}
                        @data
                        1,yes,7,'31.01.2024 10:30',10,up
                        3,NA,?,'01.02.2024 00:00',10,down
                        ?,no,9,?,11,up
                        """);

        assertThat(stream.settings())
                .containsEntry(
                        "features",
                        "size:categorical(3|1|2),on:categorical(yes|no|NA),n,d:time,"
                                + "s:categorical(10|11)")
                .containsEntry("classes", "up,down,never");
        assertThat(stream.proposal().classes().values()).containsExactly(2L, 1L, 0L);
        assertThat(messages(stream))
                .containsExactly(
                        "{\"size\":\"1\",\"on\":\"yes\",\"n\":7,\"d\":\"2024-01-31T10:30Z\","
                                + "\"s\":\"10\",\"y\":\"up\"}",
                        "{\"size\":\"3\",\"on\":\"NA\",\"n\":null,\"d\":\"2024-02-01T00:00Z\","
                                + "\"s\":\"10\",\"y\":\"down\"}",
                        "{\"size\":null,\"on\":\"no\",\"n\":9,\"d\":null,"
                                + "\"s\":\"11\",\"y\":\"up\"}");
    }

    @Test
    void vowpalWabbit_keepsFeaturesApartFromLabelWeightAndTag() throws IOException {
        FileStream stream =
                stream(
                        "f.vw",
                        "1 2 t1|f label:3 |g a\n-1 1 t1| label:0.5 weight:7 tag good good bad\n");

        assertThat(stream.settings())
                .containsEntry("features", "f^label,g^a,^label,^weight,^tag,good,bad")
                .containsEntry("label", "label")
                .containsEntry("weight", "weight")
                .containsEntry("id", "tag")
                .containsEntry("classes", "-1,1");
        assertThat(messages(stream).get(1))
                .isEqualTo(
                        "{\"tag\":\"t1\",\"label\":\"-1\",\"weight\":1,\"^label\":0.5,"
                                + "\"^weight\":7.0,\"^tag\":1.0,\"good\":2.0,\"bad\":1.0}");
    }

    @Test
    void idsWithTheSameHashCode_areDifferent() throws IOException {
        assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());
        StringBuilder rows = new StringBuilder("id,a,y\n");
        for (int i = 0; i < 1000; i++) {
            rows.append("Aa").append(i).append(",1.5,up\nBB").append(i).append(",2.5,down\n");
        }

        assertThat(stream("f.csv", rows.toString()).settings())
                .containsEntry("features", "a")
                .containsEntry("id", "id");
    }

    @Test
    void mappingThatIsGiven_isNotGuessed() throws IOException {
        Map<String, String> given =
                Map.of(
                        "features",
                        "v[0:2],c:categorical(red|green)",
                        "label",
                        "z",
                        "timestamp",
                        "t");
        String rows =
                """
                {"y":1,"z":"a","v":[1,2,3],"c":"red","t":17}
                {"y":2,"z":"b","v":[1,2,3],"c":"blue","t":18}
                """;
        FileStream stream = streamWith(given, "f.jsonl", rows);

        assertThat(stream.settings())
                .containsEntry("features", "v[0:2],c:categorical(red|green)")
                .containsEntry("label", "z")
                .containsEntry("timestamp", "t")
                .containsEntry("classes", "a,b");
        assertThat(stream.proposal().unused())
                .extracting(unused -> unused.path().toString())
                .containsExactly("y", "v[2]");
        assertThatThrownBy(
                        () ->
                                streamWith(
                                        Map.of("features", "v[1:5],c,gone", "id", "nr"),
                                        "f.jsonl",
                                        rows))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("there is no field v[3], gone, nr, which the settings map");
        assertThatThrownBy(() -> streamWith(Map.of("label", "z"), "f.jsonl", rows, "--label", "y"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("--label y contradicts label=z");
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
                        "empty: it has no values that a feature can have",
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
        FileStream stream =
                streamWith(Map.of("label.ignore-index", "2"), "f.csv", "a,y\n1,1\n2,2\n3,3\n4,2\n");

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
    void examples_haveTheMissingValuesOfTheJob() throws IOException {
        assertThat(first(stream("f.libsvm", "+1 1:0.5 10:2\n-1 2:1\n")))
                .containsExactly(0.5f, 0, 2);
        String csv = "a,b,y\n,2.5,up\n3,4,down\n";
        assertThat(first(stream("f.csv", csv))).containsExactly(Float.NaN, 2.5f);
        assertThat(first(streamWith(Map.of("features.missing", "zero"), "f.csv", csv)))
                .containsExactly(0, 2.5f);
        FileStream refused = streamWith(Map.of("features.missing", "dead-letter"), "f.csv", csv);
        assertThatThrownBy(() -> first(refused))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("row 1: ");
    }

    private static float[] first(FileStream stream) {
        try (LabelledStream.Items<LabelledStream.Example> examples = stream.examples()) {
            return examples.next().features();
        }
    }

    @Test
    void sparseFileOfManyFeatures_isLearntSparse() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= 1001; i++) {
            text.append(i % 2 == 0 ? "+1 " : "-1 ").append(i).append(":1\n");
        }
        String key = IngestConfig.ENCODING.name();

        FileStream wide = stream("wide.libsvm", text.toString());
        assertThat(wide.settings()).containsEntry(key, "sparse");
        assertThat(HashedProposal.of(wide.proposal(), wide.profile()).orElseThrow().lines())
                .containsExactly(
                        "# Or hashed, with fields that are new: 1,001 different features, of",
                        "# which about 0.38 % share one of 262,144 columns.",
                        "#features.encoding=hashed",
                        "#features=*");
        assertThat(streamWith(Map.of(key, "columns"), "c.libsvm", text.toString()).settings())
                .doesNotContainKey(key);
        assertThat(
                        stream("narrow.libsvm", text.substring(0, text.indexOf("\n+1 1000:")))
                                .settings())
                .doesNotContainKey(key);
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

        List<String> once = messages(FileStream.read(data, new FieldChoice(), Map.of(), 1, null));
        List<String> twice = messages(FileStream.read(data, new FieldChoice(), Map.of(), 2, null));
        FileStream shuffled = FileStream.read(data, new FieldChoice(), Map.of(), 2, 7L);
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
        assertThat(messages(FileStream.read(data, new FieldChoice(), Map.of(), 2, 7L)))
                .isEqualTo(drawn);
    }

    @Test
    void fileOfTextsOnly_saysThatTheyCanBeHashed() throws IOException {
        String texts = table("t,y", 12, "dear # of the city,up", "dear # of the sea,down");

        assertThatThrownBy(() -> stream("f.csv", texts))
                .hasMessageEndingWith(
                        "there is no feature besides the label \"y\"; t is left out: it is text,"
                                + " whose words can only be hashed; --set features.encoding=hashed"
                                + " takes t");
        assertThat(streamWith(Map.of("features.encoding", "hashed"), "f.csv", texts).settings())
                .containsEntry("features", "t:text");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "x,y\\n!: the file has no rows!",
                "x,y\\n1,a\\n2,b!: --label z: there is no such field; there are x, y!z",
                "y\\na\\nb\\n!: there is no feature besides the label \"y\"!",
                "x,y\\n1,a\\n2,a!: \"y\" must have at least two different labels, but has 1!",
                "x,z\\n1,a\\n2,b\\n!: which field is the label? --label says so; there are x, z!",
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
