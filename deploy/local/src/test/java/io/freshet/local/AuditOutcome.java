package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Outcome of a run of {@code freshet audit}.
 *
 * @param json report; null without {@code --json}, or if the topics could not be audited
 */
record AuditOutcome(int exitCode, String out, String err, @Nullable JsonNode json) {
    /** Runs the command. */
    static AuditOutcome of(Map<String, String> settings, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("audit"));
        arguments.addAll(List.of(more));
        CommandResult result = CommandResult.of(settings, arguments.toArray(String[]::new));
        boolean hasReport = arguments.contains("--json") && result.code() != 2;
        return new AuditOutcome(
                result.code(), result.out(), result.err(), hasReport ? result.json() : null);
    }

    /** Returns the first finding of a check. */
    JsonNode finding(String check) {
        for (JsonNode finding : json.get("findings")) {
            if (finding.get("check").asText().equals(check)) {
                return finding;
            }
        }
        throw new AssertionError("no finding of " + check + " in " + out);
    }

    /** Returns the checks that do not prove everything. */
    List<String> failed() {
        List<String> failed = new ArrayList<>();
        for (JsonNode check : json.get("checks")) {
            if (!check.get("verdict").asText().equals("proven")) {
                failed.add(check.get("check").asText());
            }
        }
        return failed;
    }

    private static List<Long> offsets(JsonNode positions) {
        List<Long> offsets = new ArrayList<>();
        positions.forEach(position -> offsets.add(position.get("offset").asLong()));
        return offsets;
    }

    List<Long> missing(String check) {
        return offsets(finding(check).get("missing"));
    }

    List<Long> repeated(String check) {
        return offsets(finding(check).get("repeated"));
    }
}
