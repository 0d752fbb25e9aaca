package io.freshet.local.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.features.FieldPath;
import io.freshet.local.table.NumberStyle;
import io.freshet.local.table.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HashedProposalTest {
    private static final List<FieldPath> FIELDS =
            List.of(
                    FieldPath.of("n"),
                    FieldPath.of("city"),
                    FieldPath.of("shop"),
                    FieldPath.of("body"),
                    FieldPath.of("label"));

    private static Row row(List<FieldPath> fields, List<String> values, int number) {
        return new Row(number, fields, values, null);
    }

    private static DataProfile profileOfTexts() {
        DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
        for (int i = 0; i < 300; i++) {
            profile.add(
                    row(
                            FIELDS,
                            List.of(
                                    i + ".5",
                                    i % 2 == 0 ? "Oslo" : "Rome",
                                    "shop" + i % 150,
                                    "The word w" + i % 200 + " of row number" + i,
                                    i % 3 == 0 ? "up" : "down"),
                            i + 1));
        }
        return profile;
    }

    @Test
    void fieldsOfManyTexts_areProposedAsHashed_withTheExpectedCollisions() {
        DataProfile profile = profileOfTexts();
        Proposal proposal = Proposal.of(profile, new FieldChoice(), false, Map.of());

        assertThat(proposal.settings()).doesNotContainKey("id");
        assertThat(proposal.unused())
                .extracting(Proposal.Unused::reason)
                .containsExactly(
                        "it is text with more than 100 different values; --features takes it"
                                + " nevertheless",
                        "it is text, whose words can only be hashed");
        // 1 number, 2 cities, 150 shops; 4 words, 200 and 300 others.
        assertThat(HashedProposal.of(proposal, profile).orElseThrow().lines())
                .containsExactly(
                        "# Or hashed, with all categories and texts: 657 different features, of",
                        "# which about 0.25 % share one of 262,144 columns.",
                        "#features.encoding=hashed",
                        "#features=n,city:categorical,shop:categorical,body:text");
    }

    @Test
    void hashedEncoding_takesTextsAtOnce() {
        DataProfile profile = profileOfTexts();

        Proposal proposal =
                Proposal.of(
                        profile, new FieldChoice(), false, Map.of("features.encoding", "hashed"));

        assertThat(proposal.settings())
                .containsEntry(
                        "features", "n,city:categorical(Oslo|Rome),shop:categorical,body:text");
        assertThat(proposal.unused()).isEmpty();
    }

    @Test
    void allFields_areThoseOfTheMapping_notAGuess() {
        DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
        for (int i = 0; i < 20; i++) {
            profile.add(
                    row(
                            FIELDS,
                            List.of(i + ".5", "Oslo", "shop" + i, "word" + i, i < 9 ? "a" : "b"),
                            i + 1));
        }

        Proposal proposal =
                Proposal.of(
                        profile,
                        new FieldChoice(),
                        false,
                        Map.of("features.encoding", "hashed", "features", "*,body:text"));

        assertThat(proposal.settings())
                .containsEntry("features", "*,body:text")
                .containsEntry("label", "label")
                .doesNotContainKey("id");
        assertThat(ProposalText.lines(proposal, List.of(), List.of()))
                .contains("  text         body", "  others       n, city, shop")
                .noneMatch(line -> line.contains("not used"));
        assertThat(proposal.numberStyles())
                .containsOnlyKeys(FieldPath.of("n")); // sent as numbers, the others as texts
    }

    @Test
    void uuids_areIds_notTexts() {
        DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
        List<FieldPath> fields =
                List.of(FieldPath.of("n"), FieldPath.of("order"), FieldPath.of("label"));
        for (int i = 0; i < 20; i++) {
            String uuid = "550e8400-e29b-41d4-a716-" + (446655440000L + i);
            profile.add(row(fields, List.of(i + ".5", uuid, i % 3 == 0 ? "a" : "b"), i + 1));
        }

        assertThat(Proposal.of(profile, new FieldChoice(), false, Map.of()).settings())
                .containsEntry("id", "order")
                .containsEntry("features", "n");
    }

    @Test
    void fewCategories_needNoHash() {
        DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
        for (int i = 0; i < 20; i++) {
            profile.add(
                    row(
                            List.of(FieldPath.of("n"), FieldPath.of("city"), FieldPath.of("label")),
                            List.of(i + ".5", i % 2 == 0 ? "Oslo" : "Rome", i % 3 == 0 ? "a" : "b"),
                            i + 1));
        }

        assertThat(
                        HashedProposal.of(
                                Proposal.of(profile, new FieldChoice(), false, Map.of()), profile))
                .isEmpty();
    }

    @Test
    void manyFeatures_getMoreBits() {
        DataProfile profile = new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
        List<FieldPath> fields = List.of(FieldPath.of("word"), FieldPath.of("label"));
        for (int i = 0; i < 60_000; i++) {
            profile.add(row(fields, List.of("w" + i % 30_000, i % 3 == 0 ? "a" : "b"), i + 1));
        }
        profile.add(row(List.of(FieldPath.of("n")), List.of("1"), 60_001)); // one with a column

        Proposal proposal = Proposal.of(profile, new FieldChoice(), false, Map.of());

        assertThat(HashedProposal.of(proposal, profile).orElseThrow().lines())
                .contains("#features.hash-bits=20")
                .anyMatch(line -> line.endsWith("share one of 1,048,576 columns."));
    }

    @Test
    void sharedFraction_isThatOfRandomColumns() {
        int columns = 500;
        int features = 300;
        Random random = new Random(4);
        double sum = 0;
        int trials = 400;
        for (int trial = 0; trial < trials; trial++) {
            int[] used = new int[columns];
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < features; i++) {
                int column = random.nextInt(columns);
                used[column]++;
                places.add(column);
            }
            sum += places.stream().filter(column -> used[column] > 1).count() / (double) features;
        }

        assertThat(HashedProposal.sharedFraction(features, columns))
                .isCloseTo(sum / trials, within(0.005));
        assertThat(HashedProposal.sharedFraction(1, columns)).isZero();
        assertThat(HashedProposal.sharedFraction(0, columns)).isZero();
    }
}
