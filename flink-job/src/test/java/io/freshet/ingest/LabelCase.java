package io.freshet.ingest;

import java.util.List;
import java.util.stream.Stream;

/**
 * Label as a JSON message has it, with what it means: the table that the job's decoder and the
 * audit's are both tested with.
 *
 * @param classes value of the key {@code classes}
 * @param label value of the field in JSON
 * @param meaning name of the class; or one of the constants
 */
public record LabelCase(String classes, String label, String meaning) {
    /** Meaning of a label that is missing. */
    public static final String MISSING = "(missing)";

    /** Meaning of a label that is {@link #IGNORE_INDEX}. */
    public static final String IGNORED = "(ignored)";

    /** Meaning of a label that makes its event a dead letter. */
    public static final String INVALID = "(invalid)";

    /** Value of the key {@code label.ignore-index} for all cases. */
    public static final int IGNORE_INDEX = -100;

    private static final List<LabelCase> CASES =
            List.of(
                    new LabelCase("down,up", "\"up\"", "up"),
                    new LabelCase("down,up", "\" up \"", "up"),
                    new LabelCase("down,up", "\"left\"", INVALID),
                    new LabelCase("down,up", "null", MISSING),
                    new LabelCase("down,up", "\"null\"", MISSING),
                    new LabelCase("down,up", "\"\"", MISSING),
                    new LabelCase("down,up", "\"  \"", MISSING),
                    new LabelCase("down,up", "\"?\"", MISSING),
                    new LabelCase("down,up", "\"NA\"", MISSING),
                    new LabelCase("down,up", "\" na\"", MISSING),
                    new LabelCase("down,up", "\"NaN\"", MISSING),
                    new LabelCase("down,up", "NaN", MISSING),
                    new LabelCase("EU,NA", "\"NA\"", "NA"),
                    new LabelCase("EU,NA", "\"NA \"", "NA"),
                    new LabelCase("EU,NA", "\"na\"", MISSING),
                    new LabelCase("EU,NA", "null", MISSING),
                    new LabelCase("!,?", "\"?\"", "?"),
                    new LabelCase("null,full", "\"null\"", "null"),
                    new LabelCase("null,full", "null", MISSING),
                    new LabelCase("NaN,0", "NaN", "NaN"),
                    new LabelCase("true,false", "true", "true"),
                    new LabelCase("1e2,2", "1e2", "1e2"),
                    new LabelCase("100,2", "1e2", "100"),
                    new LabelCase("1,2,3", "2", "2"),
                    new LabelCase("1,2,3", "2.0", "2"),
                    new LabelCase("1,2,3", "0", INVALID),
                    new LabelCase("1,2,3", "-100", IGNORED),
                    new LabelCase("down,up", "-100", IGNORED),
                    new LabelCase("down,up", "-100.0", IGNORED),
                    new LabelCase("down,up", "\"-100\"", IGNORED),
                    new LabelCase("down,up", "\" -100\"", IGNORED),
                    new LabelCase("down,up", "1", INVALID),
                    new LabelCase("down,-100", "-100", "-100"),
                    new LabelCase("down,-100", "\"-100\"", "-100"),
                    new LabelCase("down,up", "[0,1]", INVALID),
                    new LabelCase("down,up", "{}", INVALID));

    /** Returns all cases. */
    public static Stream<LabelCase> all() {
        return CASES.stream();
    }
}
