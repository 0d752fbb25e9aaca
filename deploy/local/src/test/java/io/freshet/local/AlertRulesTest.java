package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Test that each of Prometheus' alert rules is complete, tested by {@code promtool}, and explained
 * in the runbook.
 */
class AlertRulesTest {
    private static final Path RULES = Path.of("..", "prometheus", "rules");
    private static final Path RUNBOOK = Path.of("..", "README.md");

    private static final String PAGE = rules();
    private static final List<String> ALERTS = find("(?m)^ +- alert: (\\w+)$", PAGE);

    private static String rules() {
        try {
            return Files.readString(RULES.resolve("freshet.yml"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<String> find(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult result) -> result.group(1))
                .toList();
    }

    @Test
    void everyAlert_hasASeverity_aSummary_aDescription_andItsSectionOfTheRunbook() {
        String[] rules = PAGE.split("- alert: ", -1);

        assertThat(ALERTS).hasSizeGreaterThan(10).doesNotHaveDuplicates();
        assertThat(rules).hasSize(ALERTS.size() + 1);
        for (int i = 0; i < ALERTS.size(); i++) {
            String alert = ALERTS.get(i);
            assertThat(rules[i + 1])
                    .startsWith(alert + "\n")
                    .containsPattern("severity: (critical|warning|info)\n")
                    .containsPattern("summary: \"\\S")
                    .containsPattern("description: >-\n +\\S")
                    .contains("runbook: deploy/README.md#" + alert.toLowerCase(Locale.ROOT) + "\n");
        }
    }

    @Test
    void runbook_hasASectionForEachAlert_andForNoOther() throws IOException {
        List<String> sections = find("(?m)^### (Freshet\\w+)$", Files.readString(RUNBOOK));

        assertThat(sections).containsExactlyElementsOf(ALERTS);
    }

    @Test
    void everyAlert_hasATestInWhichItFires_andOneInWhichItDoesNot() throws IOException {
        String tests = Files.readString(RULES.resolve("freshet_test.yml"));

        for (String alert : ALERTS) {
            assertThat(find("alertname: (" + alert + ")\n +exp_alerts: \\[]", tests))
                    .as(alert + " does not fire")
                    .isNotEmpty();
            assertThat(find("alertname: (" + alert + ")\n +exp_alerts:\n", tests))
                    .as(alert + " fires")
                    .isNotEmpty();
        }
    }
}
