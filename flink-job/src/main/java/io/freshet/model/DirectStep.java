package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * The direct path of {@link BlockedSgd}, which scores one mini-batch and takes its step, in chunks
 * of rows that stay in a core's cache. It also predicts sequences of rows without a label.
 *
 * <p>If a value could exceed the range of a float, the step is checked. A learning rate whose step
 * is not finite restarts from the parameters of the dominant rate among those whose step is finite.
 * If there is none, the step is skipped: parameters, optimiser's state, weights and scaler stay as
 * they were.
 */
final class DirectStep {
    private final LearnerSettings settings;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final BlockInputs inputs;
    private final Parameters parameters;
    private final Scorer scorer;
    private final long[] restarts;
    private final int numRates;
    private final int columns;
    private final int capacity;
    private final Matrix logits;
    private final Matrix gradients;
    private final double[] logitValues;
    private final double[][] gradientRows;

    /**
     * @param workspace workspace for the learner's settings; must stay open
     * @param restarts (learning rates) number of restarts of each. Modified.
     */
    DirectStep(
            BlockWorkspace workspace,
            ExecutionBlock block,
            BlockInputs inputs,
            Parameters parameters,
            Scorer scorer,
            long[] restarts) {
        this.settings = workspace.settings();
        this.block = block;
        this.rows = block.rows();
        this.inputs = inputs;
        this.parameters = parameters;
        this.scorer = scorer;
        this.restarts = restarts;
        this.numRates = settings.numRates();
        this.columns = workspace.columns;
        this.capacity = workspace.capacity;
        this.logits = workspace.logits;
        this.gradients = workspace.gradients;
        this.logitValues = workspace.logitValues;
        this.gradientRows = workspace.gradientRows;
    }

    /** Predicts rows without a label, with the current parameters and scaler. */
    void predict(int begin, int end, Examples examples, Evaluation evaluation, long modelVersion) {
        inputs.prepareScaler();
        for (int from = begin; from < end; from += capacity) {
            int to = Math.min(from + capacity, end);
            computeLogits(from, to, examples);
            for (int row = from; row < to; row++) {
                scorer.input(settings.miniBatchSize(), row - from);
                selectInChunk(from, row, to);
                scorer.predict(rows.example(row), modelVersion, evaluation);
            }
        }
    }

    /**
     * Scores one mini-batch, then takes its step.
     *
     * @param modelVersion version of the model before the step
     * @param learningRate learning rate of the optimiser
     * @param sumOfLearningRates upper bound of the sum of the learning rates, for the range check
     * @param factors factors of the gradients, (columns). Modified for an ensemble.
     * @return the Euclidean norm of the mean gradient, for the dominant rate; null if the step was
     *     skipped
     */
    @Nullable Double run(
            int begin,
            int end,
            long modelVersion,
            double learningRate,
            double sumOfLearningRates,
            double[] factors,
            Examples examples,
            Evaluation evaluation) {
        inputs.observe(begin, end, examples);
        scorer.begin();
        double inputBound = 0;
        for (int from = begin; from < end; from += capacity) {
            int to = Math.min(from + capacity, end);
            computeLogits(from, to, examples);
            for (int row = from; row < to; row++) {
                scorer.input(row - begin, row - from);
                selectInChunk(from, row, to);
                double[] gradient = gradientRows[row - from];
                int example = rows.example(row);
                scorer.score(
                        row - begin,
                        block.classWeight(row),
                        modelVersion,
                        examples,
                        example,
                        evaluation);
                scorer.gradient(examples, example, block.scale(row), factors, gradient);
                evaluation.outcome(example, Outcome.TRAINED);
                gradients.putRow(row - from, gradient);
            }
            parameters.accumulate(from == begin, gradients, inputs.matrix(), to - from);
            inputBound += inputs.bound(to - from);
        }
        boolean plain = settings.optimizer().isPlain();
        // Plain SGD keeps the gradient, so its norm is computed after the step, for the rate that
        // is dominant then. Other optimisers overwrite it, so its norm is computed before.
        double norm = plain ? Double.NaN : gradientNorm(factors);
        if (scorer.isAllFinite()
                && parameters.tryExtendBounds(
                        1, inputBound, block.gradientBound(begin), sumOfLearningRates)) {
            scorer.learn(rows, begin, end, examples);
            parameters.step(learningRate);
        } else if (!checkedStep(begin, end, learningRate, examples, evaluation)) {
            return null;
        }
        return plain ? gradientNorm(factors) : norm;
    }

    /** Computes the logits of some rows. */
    private void computeLogits(int begin, int end, Examples examples) {
        int count = end - begin;
        inputs.write(begin, end, examples);
        inputs.passTo(scorer, count);
        logits.setToProductWithTransposed(inputs.matrix(), count, parameters.values(), columns);
        logits.get(logitValues, count);
    }

    /** Selects a row of a chunk in the scorer; call for each row in turn, from the first on. */
    private void selectInChunk(int begin, int row, int end) {
        int place = (row - begin) % scorer.rowsAtOnce();
        if (place == 0) {
            scorer.activate(
                    logitValues, (row - begin) * columns, Math.min(scorer.rowsAtOnce(), end - row));
        }
        scorer.select(place);
    }

    /** Returns the norm of the accumulated mean gradient, for the dominant rate. */
    private double gradientNorm(double[] factors) {
        int rate = scorer.dominantRate();
        return parameters.gradientNorm(rate) / Math.abs(factors[rate * settings.numOutputs()]);
    }

    /** Takes a step, checks it, and returns whether any learning rate's step was finite. */
    private boolean checkedStep(
            int begin, int end, double learningRate, Examples examples, Evaluation evaluation) {
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_LOSS);
            return false;
        }
        parameters.backUp();
        parameters.step(learningRate);
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate) || !parameters.isFinite(rate)) {
                scorer.discard(rate, end - begin);
            }
        }
        if (!scorer.isAnyFinite()) {
            parameters.restore();
            skip(begin, end, evaluation, Outcome.SKIPPED_STEP);
            return false;
        }
        scorer.learn(rows, begin, end, examples);
        restartRates();
        parameters.refreshBounds();
        return true;
    }

    private void skip(int begin, int end, Evaluation evaluation, Outcome outcome) {
        for (int row = begin; row < end; row++) {
            evaluation.outcome(rows.example(row), outcome);
        }
        inputs.undoObserve();
    }

    private void restartRates() {
        int dominant = scorer.dominantFiniteRate();
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate)) {
                // Its weight is minimal already: its likelihood for the mini-batch was 0.
                parameters.copyRate(dominant, rate);
                restarts[rate]++;
            }
        }
    }
}
