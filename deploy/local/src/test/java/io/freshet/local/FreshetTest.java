package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.pipeline.JobConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FreshetTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "demo --events x"
                        + "|Invalid value for option '--events': 'x' is not a long;"
                        + " freshet demo --help says more",
                "demo --labl y"
                        + "|Unknown options: '--labl', 'y'; is --label meant?"
                        + " freshet demo --help says more",
                "demo --seed"
                        + "|Missing required parameter for option '--seed' (N);"
                        + " freshet demo --help says more",
                "demo f.csv --label y"
                        + "|Unmatched argument at index 1: 'f.csv'; is --file meant?"
                        + " freshet demo --help says more",
                "inspect"
                        + "|what is to be read? Name a FILE, or set kafka.bootstrap.servers and"
                        + " topics.labelled-events with --set",
                "dmo"
                        + "|Unmatched argument at index 0: 'dmo'; is demo or models meant?"
                        + " freshet --help says more"
            })
    void invalidArguments_areReportedInOneLine(String arguments, String message) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int code =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments.split(" ", -1));

        assertThat(err.toString().lines()).containsExactly("freshet: " + message);
        assertThat(out.toString()).isEmpty();
        assertThat(code).isEqualTo(2);
    }

    @Test
    void script_buildsAgainIfAnyModuleThatItRunsHasChanged() throws Exception {
        List<String> used =
                Pattern.compile("<artifactId>freshet-([a-z-]+)</artifactId>")
                        .matcher(Files.readString(Path.of("pom.xml")))
                        .results()
                        .map(module -> module.group(1))
                        .filter(module -> !module.equals("parent") && !module.equals("local"))
                        .distinct()
                        .toList();
        MatchResult modules =
                Pattern.compile("(?m)^modules='(.*) deploy/local'$")
                        .matcher(Files.readString(Path.of("freshet")))
                        .results()
                        .findFirst()
                        .orElseThrow();

        assertThat(Arrays.asList(modules.group(1).split(" ", -1)))
                .hasSizeGreaterThan(2)
                .containsExactlyInAnyOrderElementsOf(used);
    }

    @Test
    void demo_breaksTheLinesOfAWarning() {
        assertThat(DemoCommand.warning("models.max\u001b[2J " + "word ".repeat(30).strip()))
                .hasSize(3)
                .allMatch(line -> line.length() <= 80)
                .first()
                .asString()
                .startsWith("warning: models.max\ufffd[2J word word ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a | columns | 1 feature",
                "a,b:boolean,c | columns | 3 features",
                "a,b:text | hashed | 262,144 hashed columns"
            },
            quoteCharacter = '"')
    void demo_saysHowManyFeaturesThereAre(String features, String encoding, String text) {
        Map<String, String> settings =
                Map.of(
                        "kafka.bootstrap.servers", "localhost:1",
                        "source.format", "json",
                        "features", features,
                        "features.encoding", encoding,
                        "label", "y",
                        "classes", "2");
        assertThat(DemoCommand.features(JobConfig.parse(settings).ingest())).isEqualTo(text);
    }
}
