package io.freshet.local.table;

import io.freshet.features.FieldPath;
import io.freshet.features.MessageLimits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Row of a file: the values of its fields as text.
 *
 * @param line number of the line in the file at which the row begins, from 1
 * @param paths paths of the fields; rows of a table share one list
 * @param values values in the same order, without spaces around them; null for one that is missing
 * @param json the row as it is in the file, if that is a JSON object; otherwise null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Row(
        long line, List<FieldPath> paths, List<@Nullable String> values, byte @Nullable [] json) {
    /**
     * Returns a row that is no JSON object.
     *
     * @throws InvalidFileException if a value is longer than a job reads
     */
    static Row of(long line, List<FieldPath> paths, List<@Nullable String> values)
            throws InvalidFileException {
        for (int i = 0; i < values.size(); i++) {
            String value = values.get(i);
            if (value != null && value.length() > MessageLimits.TEXT_LENGTH) {
                throw new InvalidFileException(
                        line,
                        "\""
                                + paths.get(i).displayName()
                                + "\" has more than "
                                + MessageLimits.TEXT_LENGTH
                                + " characters");
            }
        }
        return new Row(line, paths, values, null);
    }
}
