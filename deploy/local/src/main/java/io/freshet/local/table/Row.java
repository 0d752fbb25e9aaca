package io.freshet.local.table;

import io.freshet.ingest.mapping.FieldPath;
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
        long line, List<FieldPath> paths, List<@Nullable String> values, byte @Nullable [] json) {}
