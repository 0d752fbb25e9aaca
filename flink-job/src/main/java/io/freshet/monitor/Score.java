package io.freshet.monitor;

import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Measure of how well a model predicted examples before it was trained on them.
 *
 * <p>A new score needs a constant here, a nullable field of the same name in the Avro record {@code
 * Scores}, and a line in {@code deploy/prometheus/README.md}; gauges and events are derived from
 * the constants.
 *
 * <p>With n examples, h of them predicted correctly, and aₖ labels, pₖ predictions and hₖ hits of
 * class k:
 *
 * <ul>
 *   <li>kappa is (h/n − c) / (1 − c) with the agreement by chance c = Σₖ aₖ pₖ / n²; for kappa-M
 *       and kappa-temporal, c is instead the accuracy of a baseline: for kappa-M of majority, which
 *       predicts the most frequent label so far, and for kappa-temporal of no-change, which
 *       predicts the previous label (from the second example on);
 *   <li>balanced accuracy is the mean recall hₖ / aₖ of the classes with aₖ &gt; 0;
 *   <li>the Brier score is (1/n) Σᵢ Σₖ (pᵢₖ − yᵢₖ)²;
 *   <li>the expected calibration error is Σ_b n_b/n · |h_b/n_b − c_b/n_b| over bins of equal width
 *       of the confidence, with c_b the sum of the confidences in bin b = ((b−1)/m, b/m].
 * </ul>
 *
 * <p>Sources: J. Cohen, <i>A coefficient of agreement for nominal scales</i> (1960); A. Bifet et
 * al., <i>Efficient online evaluation of big data stream classifiers</i> (2015), for kappa-M; I.
 * Žliobaitė et al., <i>Evaluation methods and decision theory for classification of streaming data
 * with temporal dependence</i> (2015); K. H. Brodersen et al., <i>The balanced accuracy and its
 * posterior distribution</i> (2010); G. W. Brier, <i>Verification of forecasts expressed in terms
 * of probability</i> (1950); C. Guo et al., <i>On calibration of modern neural networks</i> (2017).
 */
public enum Score {
    LOSS(
            "loss_nats",
            "mean cross-entropy, weighted by the examples' weights, nats",
            tallies -> tallies.weightedLoss() / tallies.weight()),
    ACCURACY(
            "accuracy_ratio",
            "fraction of examples whose most probable class is the label",
            Score::accuracy),
    NO_CHANGE_ACCURACY(
            "no_change_accuracy_ratio",
            "accuracy of predicting the previous label",
            Score::noChangeAccuracy),
    MAJORITY_ACCURACY(
            "majority_accuracy_ratio",
            "accuracy of predicting the most frequent label so far",
            Score::majorityAccuracy),
    KAPPA(
            "kappa",
            "Cohen's kappa",
            tallies -> kappa(accuracy(tallies), agreementByChance(tallies))),
    KAPPA_TEMPORAL(
            "kappa_temporal", "kappa against predicting the previous label", Score::kappaTemporal),
    KAPPA_M(
            "kappa_m",
            "kappa against predicting the most frequent label so far",
            tallies -> kappa(accuracy(tallies), majorityAccuracy(tallies))),
    BALANCED_ACCURACY(
            "balanced_accuracy_ratio",
            "mean recall of the classes that were a label",
            Score::balancedAccuracy),
    TOP_K_ACCURACY(
            "top_k_accuracy_ratio",
            "fraction of examples whose label is among the k most probable classes",
            Tallies::topKAccuracy),
    BRIER_SCORE(
            "brier_score",
            "mean squared distance of probabilities and targets, summed over the classes",
            tallies -> tallies.brier() / tallies.examples()),
    MEAN_CONFIDENCE(
            "confidence_ratio",
            "mean probability of the predicted class",
            tallies -> tallies.confidence() / tallies.examples()),
    CALIBRATION_ERROR(
            "calibration_error_ratio", "expected calibration error", Tallies::calibrationError);

    private final String gaugeName;
    private final String meaning;

    @SuppressWarnings("ImmutableEnumChecker") // formulas have no state
    private final Function<Tallies, @Nullable Double> formula;

    /**
     * @param formula from tallies of at least one example; null if the score is not defined
     */
    Score(String gaugeName, String meaning, Function<Tallies, @Nullable Double> formula) {
        this.gaugeName = gaugeName;
        this.meaning = meaning;
        this.formula = formula;
    }

    /** Returns the name of the score's gauges, without the prefix of the span of examples. */
    public String gaugeName() {
        return gaugeName;
    }

    /** Returns the name of the score's field in events, such as {@code kappaTemporal}. */
    public String fieldName() {
        String[] words = name().toLowerCase(Locale.ROOT).split("_", -1);
        StringBuilder field = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            field.append(words[i].substring(0, 1).toUpperCase(Locale.ROOT))
                    .append(words[i].substring(1));
        }
        return field.toString();
    }

    /** Returns a description of the score for documentation. */
    public String meaning() {
        return meaning;
    }

    /**
     * Computes the score.
     *
     * @param tallies of at least one example. Not modified.
     * @return null if the score is not defined for these examples
     */
    @Nullable Double of(Tallies tallies) {
        return formula.apply(tallies);
    }

    private static double accuracy(Tallies tallies) {
        return tallies.hits() / tallies.examples();
    }

    private static @Nullable Double noChangeAccuracy(Tallies tallies) {
        return Tallies.ratio(tallies.noChangeHits(), tallies.noChangeCases());
    }

    private static double majorityAccuracy(Tallies tallies) {
        return tallies.majorityHits() / tallies.examples();
    }

    private static double agreementByChance(Tallies tallies) {
        double n = tallies.examples();
        double chance = 0;
        for (int k = 0; k < tallies.numClasses(); k++) {
            chance += (tallies.labels(k) / n) * (tallies.predictions(k) / n);
        }
        return chance;
    }

    private static @Nullable Double kappaTemporal(Tallies tallies) {
        Double baseline = noChangeAccuracy(tallies);
        return baseline == null ? null : kappa(accuracy(tallies), baseline);
    }

    /** Returns the improvement over a baseline's accuracy; null if that is perfect. */
    private static @Nullable Double kappa(double accuracy, double baseline) {
        return baseline == 1 ? null : (accuracy - baseline) / (1 - baseline);
    }

    private static double balancedAccuracy(Tallies tallies) {
        double recalls = 0;
        int classes = 0;
        for (int k = 0; k < tallies.numClasses(); k++) {
            double labels = tallies.labels(k);
            if (labels > 0) {
                recalls += tallies.classHits(k) / labels;
                classes++;
            }
        }
        return recalls / classes;
    }
}
