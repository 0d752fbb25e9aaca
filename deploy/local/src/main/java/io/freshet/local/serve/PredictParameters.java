package io.freshet.local.serve;

import java.util.Set;
import java.util.TreeSet;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/**
 * Query of a request to predict.
 *
 * @param version version of the model; null for the newest
 * @param topK number of most probable classes in the answer; {@link PredictionWriter#ALL} for all
 */
record PredictParameters(@Nullable Long version, int topK) {
    private static final String VERSION = "version";
    private static final String TOP_K = "top-k";

    /**
     * Reads the query.
     *
     * @throws HttpProblem if there is an unknown parameter, or one with another value
     */
    static PredictParameters of(Fields query) throws HttpProblem {
        Set<String> unknown = new TreeSet<>(query.getNames());
        unknown.removeAll(Set.of(VERSION, TOP_K));
        if (!unknown.isEmpty()) {
            throw HttpProblem.badRequest(
                    "The query has "
                            + String.join(", ", unknown)
                            + "; it may have version and top-k.");
        }
        Long version = number(query, VERSION, 0, Long.MAX_VALUE);
        Long topK = number(query, TOP_K, 1, PredictionWriter.ALL);
        return new PredictParameters(
                version, topK == null ? PredictionWriter.ALL : topK.intValue());
    }

    private static @Nullable Long number(Fields query, String name, long least, long largest)
            throws HttpProblem {
        Fields.Field field = query.get(name);
        if (field == null) {
            return null;
        }
        try {
            long number = Long.parseLong(field.getValue());
            if (field.getValues().size() == 1 && number >= least && number <= largest) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw invalid(field, least);
        }
        throw invalid(field, least);
    }

    private static HttpProblem invalid(Fields.Field field, long least) {
        return HttpProblem.badRequest(
                field.getName()
                        + "="
                        + String.join(",", field.getValues())
                        + ": must be one whole number, at least "
                        + least
                        + ".");
    }
}
