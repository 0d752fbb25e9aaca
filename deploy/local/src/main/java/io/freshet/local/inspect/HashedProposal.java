package io.freshet.local.inspect;

import io.freshet.features.FeatureField;
import io.freshet.features.FeatureKind;
import io.freshet.features.FeatureList;
import io.freshet.ingest.IngestConfig;
import io.freshet.local.watch.TerminalDisplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Settings that hash the features of a proposal, for fields whose values are too many to have a
 * column each.
 */
public final class HashedProposal {
    private static final int MIN_BITS = 18;
    private static final int MAX_BITS = 24;

    /** Fraction of the features that may share a column if more columns avoid that. */
    private static final double MAX_SHARED = 0.05;

    private final List<FeatureField> features = new ArrayList<>();
    private long count;

    private final boolean takesAll;

    private HashedProposal(boolean takesAll) {
        this.takesAll = takesAll;
    }

    /** Returns the settings; empty if the features of a proposal are all that there are. */
    public static Optional<HashedProposal> of(Proposal proposal, DataProfile profile) {
        if (proposal.onlyHashed().isEmpty()
                && proposal.featureList().numColumns() <= Proposal.MAX_DENSE_COLUMNS) {
            return Optional.empty();
        }
        HashedProposal hashed = new HashedProposal(proposal.takesAllNumbers());
        List<FeatureField> fields = new ArrayList<>(proposal.featureList().fields());
        fields.addAll(proposal.onlyHashed());
        for (FeatureField field : fields) {
            FieldProfile values = profile.field(field.path());
            if (field.kind() == FeatureKind.CATEGORICAL && values != null) {
                hashed.add(
                        FeatureField.categorical(field.path(), List.of()),
                        Math.max(field.categories().size(), values.texts().differentTexts()));
            } else if (field.kind() == FeatureKind.TEXT && values != null) {
                hashed.add(field, values.texts().differentWords());
            } else {
                hashed.add(field, field.numColumns());
            }
        }
        return Optional.of(hashed);
    }

    private void add(FeatureField field, long features) {
        this.features.add(field);
        count += features;
    }

    /**
     * Returns the expected fraction of features that share their column with another one.
     *
     * @param features number of different features
     * @param columns number of columns
     */
    static double sharedFraction(long features, long columns) {
        return features == 0 ? 0 : -Math.expm1((features - 1) * Math.log1p(-1.0 / columns));
    }

    private int bits() {
        int bits = MIN_BITS;
        while (bits < MAX_BITS && sharedFraction(count, 1L << bits) > MAX_SHARED) {
            bits++;
        }
        return bits;
    }

    /** Returns the settings as lines of a properties file that are commented out. */
    public List<String> lines() {
        long columns = 1L << bits();
        List<String> lines = new ArrayList<>();
        lines.add(
                TerminalDisplay.format(
                        "# Or hashed, with %s: %,d different features, of",
                        takesAll ? "fields that are new" : "all categories and texts", count));
        lines.add(
                TerminalDisplay.format(
                        "# which about %.2f %% share one of %,d columns.",
                        100 * sharedFraction(count, columns), columns));
        lines.add("#" + IngestConfig.ENCODING.name() + "=hashed");
        if (bits() != MIN_BITS) {
            lines.add("#" + IngestConfig.HASH_BITS.name() + "=" + bits());
        }
        lines.add(
                "#features="
                        + (takesAll
                                ? new FeatureList(List.of(), true)
                                : new FeatureList(features)));
        return lines;
    }
}
