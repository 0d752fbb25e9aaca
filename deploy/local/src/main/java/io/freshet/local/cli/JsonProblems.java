package io.freshet.local.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.regex.Pattern;

/** Descriptions of invalid JSON for users. */
public final class JsonProblems {
    /** The parser's place of an opening bracket, which names options of the parser. */
    private static final Pattern START = Pattern.compile(" \\(start marker at .*\\)$");

    private JsonProblems() {}

    /** Returns what the parser found, without places. */
    public static String describe(JsonProcessingException problem) {
        return START.matcher(problem.getOriginalMessage()).replaceFirst("");
    }
}
