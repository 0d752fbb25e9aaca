package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
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
                "dem"
                        + "|Unmatched argument at index 0: 'dem'; is demo or dead-letters meant?"
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
}
