package io.freshet.monitor;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Every {@link Score} of a set of examples.
 *
 * @param examples number of labelled examples
 * @param weight sum of their weights
 * @param values one value per {@link Score}, in the order of the constants; null if not defined.
 *     Not modified.
 */
@SuppressWarnings({
    "ArrayRecordComponent", // equals compares the elements
    "EnumOrdinal" // the array never leaves the process
})
public record Scores(long examples, double weight, @Nullable Double[] values) {
    /** The scores of no examples: none is defined. */
    public static final Scores NONE = new Scores(0, 0, new @Nullable Double[Score.values().length]);

    /**
     * Computes the scores.
     *
     * @param tallies of the examples. Not modified.
     * @param examples number of examples, each counted once regardless of its multiplicity
     */
    static Scores of(Tallies tallies, long examples) {
        if (!(tallies.examples() > 0)) {
            return NONE;
        }
        return new Scores(
                examples,
                tallies.weight(),
                Arrays.stream(Score.values())
                        .map(score -> score.of(tallies))
                        .toArray(Double[]::new));
    }

    /** Returns a score; null if it is not defined. */
    public @Nullable Double get(Score score) {
        return values[score.ordinal()];
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Scores scores
                && examples == scores.examples
                && Double.compare(weight, scores.weight) == 0
                && Arrays.equals(values, scores.values);
    }

    @Override
    public int hashCode() {
        return Objects.hash(examples, weight, Arrays.hashCode(values));
    }
}
