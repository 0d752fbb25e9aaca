package io.freshet.model.ensemble;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Experts beyond linear ones, and the combination of all experts' predictions to one.
 *
 * <p>The experts are the linear models, whose predictions come from outside; where features are
 * dense, {@link Ferns} and {@link NearestExamples}; and, optionally, {@link LabelExperts}. Their
 * predictions are combined in three ways: (a) by a fixed-share mixture, (b) by an {@link
 * ExpertStack} whose weights return to equal ones, and (c) by an {@code ExpertStack} on top of (a),
 * whose weights begin at 0. A second fixed-share mixture combines (a), (b) and (c) to the answer.
 *
 * <p>The examples of a mini-batch are predicted with the state before it, each in its own {@link
 * Row}; then the ensemble learns from them one after the other.
 *
 * <p>Not thread-safe.
 */
public final class Ensemble implements CombinationWeights {
    private static final int ANSWERS = Combination.ANSWERS;
    private static final double RELAXATION = 1e-4;
    private static final float[] NO_FLOATS = new float[0];

    private final int numClasses;
    private final int numLinear;
    private final int numExperts;
    private final @Nullable FeatureExperts features;
    private final @Nullable LabelExperts labels;
    private final MixtureWeights mixture;
    private final ExpertStack stack;
    private final ExpertStack correction;
    private final MixtureWeights top;
    private final Combination combination;
    private long restarts;

    /** The experts that see the values of dense features. */
    private static final class FeatureExperts {
        final int numFeatures;
        final int numClasses;
        final Ferns ferns;
        final NearestExamples nearest;
        FernTests tests;

        /** Examples by which other tests are to be chosen; null once they are. */
        @Nullable FernSample sample;

        FeatureExperts(int numFeatures, int numClasses) {
            this.numFeatures = numFeatures;
            this.numClasses = numClasses;
            tests = new FernTests(numFeatures, numClasses);
            ferns = new Ferns(tests, numClasses);
            nearest = new NearestExamples(numFeatures, numClasses);
            sample = new FernSample(numFeatures, numClasses);
        }

        /**
         * Chooses other tests, if all examples for it are there. The ferns begin anew, and learn
         * from these examples.
         */
        void chooseTests() {
            if (sample == null || sample.numMissing() > 0) {
                return;
            }
            float[] rows = sample.rows();
            int[] labels = sample.labels();
            tests = sample.choose();
            sample = null;
            ferns.reset();
            int[] cells = new int[tests.numActive()];
            double[] probabilities = new double[Ferns.EXPERTS * numClasses];
            double[] logs = new double[probabilities.length];
            double[] targets = new double[numClasses];
            for (int i = 0; i < labels.length; i++) {
                tests.activate(rows, i * numFeatures, cells);
                ferns.predict(cells, probabilities, logs, 0);
                targets[labels[i]] = 1;
                ferns.learn(cells, probabilities, 0, targets, 1);
                targets[labels[i]] = 0;
            }
        }

        FernState state() {
            int[] features = new int[sample == null ? tests.numFerns() * FernTests.TESTS : 0];
            float[] thresholds = new float[features.length];
            for (int test = 0; test < features.length; test++) {
                features[test] = tests.feature(test);
                thresholds[test] = tests.threshold(test);
            }
            return new FernState(
                    ferns.state(),
                    features,
                    thresholds,
                    sample == null ? NO_FLOATS : sample.rows(),
                    sample == null ? new int[0] : sample.labels());
        }

        void set(EnsembleState state) {
            FernState of = state.ferns();
            tests = FernTests.of(numFeatures, numClasses, of.testFeatures(), of.testThresholds());
            ferns.set(of.table());
            sample = null;
            if (of.testFeatures().length == 0) {
                sample = new FernSample(numFeatures, numClasses);
                sample.set(of.sample(), of.sampleLabels());
            }
            nearest.set(state);
        }
    }

    /** Predictions of one example, which stay until the ensemble has learnt from it. */
    public static final class Row {
        /** (numExperts, numClasses) probabilities, the linear experts first. */
        final double[] probabilities;

        /** Logarithms of {@code probabilities}. */
        final double[] logs;

        /** (numClasses, numExperts) bounded logarithms, which the stacks see. */
        final double[] bounded;

        /** (answers, numClasses) probabilities of the mixture and the stacks. */
        final double[][] answers;

        final int[] cells;
        final float[] point;
        final Likelihoods expertLikelihoods;
        final Likelihoods answerLikelihoods = new Likelihoods(ANSWERS);

        /** (numFeatures) standardised features, if they are kept; empty before they are. */
        private float[] input = NO_FLOATS;

        private boolean hasInput;

        /** (linear experts) whether the expert's step was not finite. */
        final boolean[] excluded;

        /** Creates a row for ensembles of these numbers. */
        public Row(EnsembleRule rule, int numFeatures, int numClasses, int numLinear) {
            int numExperts = numLinear + rule.numOtherExperts();
            probabilities = new double[numExperts * numClasses];
            logs = new double[numExperts * numClasses];
            bounded = new double[numClasses * numExperts];
            answers = new double[ANSWERS][numClasses];
            cells = new int[rule.isSparse() ? 0 : FernTests.numActive(numClasses)];
            point = new float[rule.isSparse() ? 0 : Projection.dimensions(numFeatures)];
            expertLikelihoods = new Likelihoods(numExperts);
            excluded = new boolean[numLinear];
        }

        /**
         * Returns the array that receives the linear experts' probabilities, (linear experts,
         * numClasses), before {@link Ensemble#predict}.
         */
        public double[] linearProbabilities() {
            return probabilities;
        }

        /** Returns the array that receives the logarithms of the linear probabilities. */
        public double[] linearLogs() {
            return logs;
        }

        /**
         * Writes the losses of the experts, then those of the mixture and the stacks, for a label.
         * A probability of a stack that is 0 in double counts as 10⁻³⁰⁸.
         *
         * @param losses (numExperts + answers) losses in nats. Modified.
         */
        public void writeLosses(int label, double[] losses) {
            int numClasses = answers[0].length;
            int numExperts = logs.length / numClasses;
            for (int e = 0; e < numExperts; e++) {
                losses[e] = -logs[e * numClasses + label];
            }
            for (int k = 0; k < ANSWERS; k++) {
                losses[numExperts + k] = -boundedLog(answers[k][label]);
            }
        }

        /**
         * Writes the losses for targets that are probabilities.
         *
         * @param targets (numClasses) from {@code offset} on. Not modified.
         * @param losses (numExperts + answers) losses in nats. Modified.
         */
        public void writeLosses(float[] targets, int offset, double[] losses) {
            int numClasses = answers[0].length;
            int numExperts = logs.length / numClasses;
            Arrays.fill(losses, 0);
            for (int c = 0; c < numClasses; c++) {
                double target = targets[offset + c];
                if (target == 0) {
                    continue;
                }
                for (int e = 0; e < numExperts; e++) {
                    losses[e] -= target * logs[e * numClasses + c];
                }
                for (int k = 0; k < ANSWERS; k++) {
                    losses[numExperts + k] -= target * boundedLog(answers[k][c]);
                }
            }
        }

        private static double boundedLog(double probability) {
            return Math.log(Math.max(probability, Double.MIN_NORMAL));
        }

        private void keepInput(float[] x, int offset, int numFeatures) {
            if (input.length < numFeatures) {
                input = new float[numFeatures];
            }
            System.arraycopy(x, offset, input, 0, numFeatures);
            hasInput = true;
        }

        /** Gives a linear expert the likelihood 0 when the ensemble learns from the example. */
        public void exclude(int expert) {
            excluded[expert] = true;
        }
    }

    /**
     * Creates an ensemble that has learnt nothing yet.
     *
     * @param numLinear number of linear experts, at least 1
     * @param mixture weights of all experts, which the ensemble updates
     */
    public Ensemble(
            EnsembleRule rule,
            int numFeatures,
            int numClasses,
            int numLinear,
            MixtureWeights mixture) {
        this.numClasses = numClasses;
        this.numLinear = numLinear;
        features = rule.isSparse() ? null : new FeatureExperts(numFeatures, numClasses);
        labels = rule.labelExperts() ? new LabelExperts(numClasses) : null;
        numExperts = numLinear + rule.numOtherExperts();
        this.mixture = mixture;
        stack = new ExpertStack(numExperts, numClasses, RELAXATION, 1.0 / numExperts);
        correction = new ExpertStack(numExperts, numClasses, 0, 0);
        top = new MixtureWeights(ANSWERS, Mixture.DEFAULT_SWITCHING_RATES, initialAnswers());
        combination = new Combination(numExperts, numClasses);
    }

    /** Copies the current weights. */
    private void updateCombination() {
        for (int e = 0; e < numExperts; e++) {
            combination.mixture[e] = mixture.weight(e);
            combination.stack[e] = stack.weights()[e];
            combination.correction[e] = correction.weights()[e];
        }
        for (int k = 0; k < ANSWERS; k++) {
            combination.answers[k] = top.weight(k);
        }
    }

    private static double[] initialAnswers() {
        return MixtureWeights.initialState(ANSWERS, Mixture.DEFAULT_SWITCHING_RATES.size());
    }

    /** Returns the bytes of the arrays that grow with the numbers of features and classes. */
    public static long bytes(EnsembleRule rule, int numFeatures, int numClasses) {
        long ofFeatures = Ferns.bytes(numClasses) + NearestExamples.bytes(numFeatures);
        return (rule.isSparse() ? 0 : ofFeatures + FernSample.bytes(numFeatures))
                + (rule.labelExperts() ? LabelExperts.bytes(numClasses) : 0);
    }

    /**
     * Returns the bytes of the arrays of the {@link Row}s of a mini-batch that grow with the
     * numbers of features and classes.
     *
     * @param numLinear number of linear experts
     * @param count number of examples of a mini-batch
     */
    public static long bytesOfRows(
            EnsembleRule rule, int numFeatures, int numClasses, int numLinear, int count) {
        long doubles = 3L * (numLinear + rule.numOtherExperts()) + ANSWERS;
        long inputs = rule.isSparse() ? 0 : Math.min(count, FernSample.EXAMPLES);
        return doubles * Double.BYTES * numClasses * count + inputs * numFeatures * Float.BYTES;
    }

    @Override
    public double stackWeight(int expert) {
        return stack.weights()[expert];
    }

    @Override
    public double correctionWeight(int expert) {
        return correction.weights()[expert];
    }

    @Override
    public double answerWeight(int answer) {
        return top.weight(answer);
    }

    /** Returns whether the tests of the ferns have been chosen, or there are no ferns. */
    public boolean hasChosenTests() {
        return features == null || features.sample == null;
    }

    /** Returns whether {@link #refresh} is due, before the next prediction. */
    public boolean isRefreshDue() {
        return features != null && features.nearest.isRefreshDue();
    }

    /** Returns the number of further examples before {@link #refresh} is due. */
    public long examplesToRefresh() {
        return features == null ? Long.MAX_VALUE : features.nearest.examplesToRefresh();
    }

    /**
     * Computes the weights of the features in distances from a linear model, and chooses the tests
     * of the ferns if the examples for it are there.
     *
     * @param parameters (numClasses, at least numFeatures) weights of the features, by class. Not
     *     modified.
     */
    public void refresh(float[][] parameters) {
        ofDense().nearest.refresh(parameters);
        ofDense().chooseTests();
    }

    /**
     * Begins a block of rows, which are then predicted one after the other, and between which no
     * {@link #refresh} happens.
     *
     * @param rows (count, width), of which the first columns are standardised features. Not
     *     modified.
     */
    public void begin(BlockDistances block, float[] rows, int width, int count) {
        ofDense().nearest.project(block, rows, width, count);
    }

    private FeatureExperts ofDense() {
        if (features == null) {
            throw new IllegalStateException("the ensemble is of sparse features");
        }
        return features;
    }

    /**
     * Predicts a row of the block, of dense features.
     *
     * @param row has the predictions of the linear experts, and receives those of the others
     * @param place index of the row in its mini-batch; {@link Integer#MAX_VALUE} for a row without
     *     a label
     * @param block the block that began last
     * @param index index of the row in the block
     * @param x (numFeatures) its standardised features from {@code offset} on. Not modified.
     * @param answer (numClasses) receives the probabilities of the classes
     */
    public void predict(
            Row row,
            int place,
            BlockDistances block,
            int index,
            float[] x,
            int offset,
            double[] answer) {
        FeatureExperts experts = ofDense();
        row.hasInput = false;
        if (experts.sample != null && place < experts.sample.numMissing()) {
            row.keepInput(x, offset, experts.numFeatures);
        }
        experts.tests.activate(x, offset, row.cells);
        int at = numLinear * numClasses;
        int ofNearest = at + Ferns.EXPERTS * numClasses;
        experts.nearest.predict(block, index, row.point, row.probabilities, row.logs, ofNearest);
        // After the pass over the window, so that the cells are in the cache when they learn.
        experts.ferns.predict(row.cells, row.probabilities, row.logs, at);
        predict(row, answer);
    }

    /**
     * Predicts a row by the linear experts and the labels alone, where features are sparse.
     *
     * @param row has the predictions of the linear experts, and receives those of the others
     * @param answer (numClasses) receives the probabilities of the classes
     */
    public void predictSparse(Row row, double[] answer) {
        if (features != null) {
            throw new IllegalStateException("the ensemble is of dense features");
        }
        predict(row, answer);
    }

    /** Predicts by the labels, and combines all predictions. */
    private void predict(Row row, double[] answer) {
        Arrays.fill(row.excluded, false);
        if (labels != null) {
            int ofLabels = (numExperts - LabelExperts.EXPERTS) * numClasses;
            labels.predict(row.probabilities, row.logs, ofLabels);
        }
        updateCombination();
        combination.combine(row.probabilities, row.logs, row.bounded, row.answers, answer);
    }

    /**
     * Learns from an example that was predicted.
     *
     * @param targets (numClasses) probabilities of the classes. Not modified.
     * @param label class of the example
     * @param weight weight of the example, at least 0
     */
    public void learn(Row row, double[] targets, int label, double weight) {
        for (int k = 0; k < ANSWERS; k++) {
            row.answerLikelihoods.setLogarithm(k, logLikelihood(row.answers[k], targets));
        }
        top.update(row.answerLikelihoods, weight);
        for (int e = 0; e < numExperts; e++) {
            double sum = 0;
            for (int c = 0; c < numClasses; c++) {
                sum += targets[c] == 0 ? 0 : targets[c] * row.logs[e * numClasses + c];
            }
            boolean isExcluded = e < numLinear && row.excluded[e];
            row.expertLikelihoods.setLogarithm(e, isExcluded ? Double.NEGATIVE_INFINITY : sum);
        }
        mixture.update(row.expertLikelihoods, weight);
        restarts += stack.learn(row.bounded, row.answers[1], targets, weight) ? 0 : 1;
        restarts += correction.learn(row.bounded, row.answers[2], targets, weight) ? 0 : 1;
        if (features != null) {
            int ofFerns = numLinear * numClasses;
            features.ferns.learn(row.cells, row.probabilities, ofFerns, targets, weight);
            features.nearest.learn(row.point, label);
            if (features.sample != null && row.hasInput) {
                features.sample.add(row.input, label);
            }
        }
        if (labels != null) {
            labels.learn(label);
        }
    }

    private static double logLikelihood(double[] probabilities, double[] targets) {
        double sum = 0;
        for (int c = 0; c < probabilities.length; c++) {
            sum += targets[c] == 0 ? 0 : targets[c] * Math.log(probabilities[c]);
        }
        return sum;
    }

    /** Returns the state of a new ensemble. */
    public static EnsembleState initialState(
            EnsembleRule rule, int numFeatures, int numClasses, int numLinear) {
        int experts = numLinear + rule.numOtherExperts();
        return new Ensemble(
                        rule,
                        numFeatures,
                        numClasses,
                        numLinear,
                        new MixtureWeights(
                                experts,
                                Mixture.DEFAULT_SWITCHING_RATES,
                                MixtureWeights.initialState(
                                        experts, Mixture.DEFAULT_SWITCHING_RATES.size())))
                .state();
    }

    /** Returns the state, in new arrays. */
    public EnsembleState state() {
        return new EnsembleState(
                numClasses,
                features == null ? FernState.NONE : features.state(),
                features == null ? NO_FLOATS : features.nearest.points(),
                features == null ? new int[0] : features.nearest.labels().clone(),
                features == null ? NO_FLOATS : features.nearest.weights().clone(),
                features == null ? 0 : features.nearest.seen(),
                features == null ? 0 : features.nearest.nextRefresh(),
                stack.state(),
                correction.state(),
                top.state(),
                labels == null ? NO_FLOATS : labels.state(),
                labels == null ? 0 : labels.lastLabel(),
                restarts);
    }

    /** Replaces everything by a state of the same rule, which is not modified. */
    public void set(EnsembleState state) {
        if (features != null) {
            features.set(state);
        }
        stack.set(state.stack());
        correction.set(state.correction());
        top.set(state.answers());
        if (labels != null) {
            labels.set(state.labelCounts(), state.lastLabel());
        }
        restarts = state.restarts();
    }
}
