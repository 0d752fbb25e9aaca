package io.freshet.local.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.http.RequestRules.Headers;
import io.freshet.local.http.RequestRules.Refusal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestRulesTest {
    private static final int ANSWERED = 200;

    private final RequestRules rules = new RequestRules();

    /** Parses headers written as "Name: value". */
    private static Headers headers(String... lines) {
        return name ->
                Stream.of(lines)
                        .filter(
                                line ->
                                        line.regionMatches(
                                                true, 0, name + ": ", 0, name.length() + 2))
                        .map(line -> line.substring(name.length() + 2))
                        .toList();
    }

    private int status(String... lines) {
        return rules.refusal(headers(lines)).map(Refusal::status).orElse(ANSWERED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:80",
                "localhost:",
                "127.0.0.1:8081",
                "[::1]",
                "[::1]:8081"
            })
    void nameOfThisMachine_isAnswered(String host) {
        assertThat(status("Host: " + host)).isEqualTo(ANSWERED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":80",
                "evil.example",
                "evil.example:8081",
                "localhost.evil.example",
                "localhost:80@evil.example",
                "localhost@evil.example",
                "evil.example#localhost",
                "localhost:80:80",
                "localhost.",
                "127.0.0.1.evil.example",
                "127.0.0.2",
                "0.0.0.0",
                "::1",
                "[::2]",
                "[::1]evil.example",
                "[::1",
                "localhost evil.example"
            })
    void otherName_isMisdirected(String host) {
        assertThat(status("Host: " + host)).isEqualTo(421);
    }

    @Test
    void noHostOrTwo_areMisdirected() {
        assertThat(status()).isEqualTo(421);
        assertThat(status("Host: localhost", "Host: evil.example")).isEqualTo(421);
        assertThat(status("Host: localhost", "host: localhost")).isEqualTo(ANSWERED);
    }

    @Test
    void configuredName_isAnsweredBesidesLoopbackNames() {
        Headers byName = headers("Host: My_Host.example:80");
        Headers byAddress = headers("Host: [fd00::7]:80");

        assertThat(rules.refusal(byName)).isPresent();
        assertThat(new RequestRules("my_host.Example").refusal(byName)).isEmpty();
        assertThat(new RequestRules("fd00::7").refusal(byAddress)).isEmpty();
        assertThat(new RequestRules("[fd00::7]").refusal(byAddress)).isEmpty();
        assertThat(new RequestRules("fd00::7").refusal(headers("Host: [::1]"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "",
                "https://evil.example",
                "http://localhost",
                "http://localhost:8082",
                "http://127.0.0.1:8081",
                "http://localhost:8081.evil.example",
                "file://localhost:8081",
                "http://localhost:8081 https://evil.example"
            })
    void otherOrigin_isRefused_inEveryForm(String origin) {
        assertThat(status("Host: localhost:8081", "Origin: " + origin)).isEqualTo(403);
        assertThat(
                        status(
                                "Host: localhost:8081",
                                "Origin: " + origin,
                                "Sec-Fetch-Site: same-origin",
                                "Sec-Fetch-Mode: navigate"))
                .isEqualTo(403);
    }

    @Test
    void originOfTheHostAsked_isAnswered() {
        assertThat(status("Host: localhost:8081", "Origin: http://localhost:8081"))
                .isEqualTo(ANSWERED);
        assertThat(status("Host: [::1]:8081", "Origin: HTTPS://[::1]:8081")).isEqualTo(ANSWERED);
        assertThat(
                        status(
                                "Host: localhost:8081",
                                "Origin: http://localhost:8081",
                                "Origin: http://evil.example"))
                .isEqualTo(403);
    }

    @Test
    void otherSite_isRefused_unlessItFollowsALink() {
        for (String site : List.of("cross-site", "same-site", "", "something-new")) {
            String[] request = {"Host: localhost", "Sec-Fetch-Site: " + site};
            assertThat(status(request)).isEqualTo(403);
            assertThat(status(request[0], request[1], "Sec-Fetch-Mode: no-cors")).isEqualTo(403);
            assertThat(
                            status(
                                    request[0],
                                    request[1],
                                    "Sec-Fetch-Mode: navigate",
                                    "Sec-Fetch-Mode: cors"))
                    .isEqualTo(403);
            assertThat(status(request[0], request[1], "Sec-Fetch-Mode: navigate"))
                    .isEqualTo(ANSWERED);
        }
        assertThat(status("Host: localhost", "Sec-Fetch-Site: same-origin")).isEqualTo(ANSWERED);
        assertThat(status("Host: localhost", "Sec-Fetch-Site: none")).isEqualTo(ANSWERED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: http://localhost",
                "Referer: http://localhost/",
                "Sec-Fetch-Site: same-origin",
                "Sec-Fetch-Mode: navigate",
                "Sec-Fetch-Dest: document",
                "Sec-Fetch-User: ?1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0"
            })
    void browser_mayNotWrite(String mark) {
        assertThat(RequestRules.refusalToWrite(headers("Host: localhost", mark)))
                .map(Refusal::status)
                .contains(403);
    }

    @Test
    void otherProgram_mayWrite() {
        assertThat(
                        RequestRules.refusalToWrite(
                                headers(
                                        "Host: localhost",
                                        "User-Agent: curl/8.14.1",
                                        "Content-Type: text/plain")))
                .isEmpty();
        assertThat(RequestRules.refusalToWrite(headers())).isEmpty();
    }
}
