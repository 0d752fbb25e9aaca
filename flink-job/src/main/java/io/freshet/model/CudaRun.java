package io.freshet.model;

import io.freshet.model.cuda.BlockScores;
import io.freshet.model.cuda.BlockShape;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A run of one model's rows on a CUDA device, alone or in one launch with the runs of others.
 *
 * <p>The observer sees the mini-batches after all of them have run. If it asks to react, the launch
 * is undone, and runs again with the rows of this model up to the mini-batch of the reaction.
 */
final class CudaRun {
    private final CudaModel model;
    private final CudaRows transfer;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final LearnerSettings settings;
    private final int begin;
    private final LearnerCounters before;
    private final Examples examples;
    private final Evaluation evaluation;
    private final @Nullable StepObserver observer;
    private final double[] ofExperts;
    private int end;
    private boolean reactionDue;

    /**
     * @param settings the model's
     * @param block the rows, of which those from {@code begin} on run
     * @param before counters before the run
     * @param observer observes each mini-batch; null for none
     */
    CudaRun(
            LearnerSettings settings,
            CudaModel model,
            CudaRows transfer,
            ExecutionBlock block,
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        this.settings = settings;
        this.model = model;
        this.transfer = transfer;
        this.block = block;
        this.rows = block.rows();
        this.begin = begin;
        this.before = before;
        this.examples = examples;
        this.evaluation = evaluation;
        this.observer = observer;
        this.ofExperts = new double[settings.numLosses()];
        this.end = rows.size();
    }

    /**
     * Runs rows of different models, in as few launches as there are powers of two in their number,
     * for each capacity of a block.
     *
     * @param workspace of all the models
     */
    static void run(CudaWorkspace workspace, List<CudaRun> runs) {
        Map<Integer, List<CudaRun>> byCapacity = new TreeMap<>();
        for (CudaRun run : runs) {
            byCapacity.computeIfAbsent(run.capacity(), key -> new ArrayList<>()).add(run);
        }
        workspace.begin();
        try {
            byCapacity.forEach((capacity, similar) -> launchAll(workspace, capacity, similar));
        } finally {
            workspace.end();
        }
    }

    /** Returns the smallest capacity of a block for the rows. */
    private int capacity() {
        int capacity = BlockShape.ROW_MULTIPLE;
        while (capacity < end - begin) {
            capacity *= 2;
        }
        return capacity;
    }

    private static void launchAll(CudaWorkspace workspace, int capacity, List<CudaRun> runs) {
        boolean hasTargets = runs.get(0).examples.numTargets() > 0;
        int most = runs.size() == 1 ? 1 : workspace.maxModels(capacity, hasTargets);
        int done = 0;
        while (done < runs.size()) {
            int count = Math.min(most, Integer.highestOneBit(runs.size() - done));
            launch(
                    workspace,
                    workspace.block(count, capacity, hasTargets),
                    runs.subList(done, done + count));
            done += count;
        }
    }

    private static void launch(CudaWorkspace workspace, DeviceBlock onDevice, List<CudaRun> runs) {
        onDevice.wantProbabilities(runs.stream().anyMatch(CudaRun::needsProbabilities));
        execute(workspace, onDevice, runs);
        boolean endsEarly = false;
        for (int place = 0; place < runs.size(); place++) {
            endsEarly |= runs.get(place).readAndObserve(onDevice.scores(), place);
        }
        if (endsEarly) {
            // The others run the same again.
            workspace.learner().undo(onDevice);
            execute(workspace, onDevice, runs);
        }
        for (int place = 0; place < runs.size(); place++) {
            runs.get(place).note(onDevice.scores(), place);
        }
    }

    /** Fills the block with the rows of all runs up to their ends, and waits until it has run. */
    private static void execute(CudaWorkspace workspace, DeviceBlock onDevice, List<CudaRun> runs) {
        for (int place = 0; place < runs.size(); place++) {
            CudaRun run = runs.get(place);
            run.transfer.fill(
                    onDevice, place, run.model, run.begin, run.end, run.before, run.examples);
        }
        workspace.learner().submit(onDevice);
        workspace.learner().finish(onDevice);
    }

    private boolean needsProbabilities() {
        return evaluation.keepsAll() || transfer.hasUnlabelled(begin, end);
    }

    /**
     * Writes the scores of the rows up to the mini-batch of a reaction, if any, to the evaluation.
     *
     * @return whether rows are left after that
     */
    private boolean readAndObserve(BlockScores scores, int place) {
        int row = begin;
        while (row < end && !reactionDue) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            long version = before.modelVersion() + rows.step(row) - rows.step(begin);
            if (batchEnd == row) {
                predict(scores, place, row, version);
                row++;
                continue;
            }
            for (int r = row; r < batchEnd; r++) {
                score(scores, place, r, version);
            }
            reactionDue =
                    observer != null
                            && observer.observe(
                                    examples, evaluation, rows.examples(), row, batchEnd);
            row = batchEnd;
        }
        boolean endsEarly = row < end;
        end = row;
        return endsEarly;
    }

    /** Writes the prediction of a row to the evaluation. */
    private void predict(BlockScores scores, int place, int row, long version) {
        float[] probabilities = new float[settings.numClasses()];
        scores.probabilities(place, row - begin, probabilities);
        double[] prediction = new double[probabilities.length];
        for (int c = 0; c < prediction.length; c++) {
            prediction[c] = probabilities[c];
        }
        evaluation.predict(rows.example(row), prediction, 0, version);
    }

    /** Writes the scores of a row of a mini-batch to the evaluation. */
    private void score(BlockScores scores, int place, int row, long version) {
        int example = rows.example(row);
        int index = row - begin;
        if (evaluation.keepsAll()) {
            predict(scores, place, row, version);
        }
        evaluation.score(
                example,
                scores.loss(place, index),
                scores.predictedClass(place, index),
                scores.confidence(place, index),
                scores.brier(place, index),
                scores.rank(place, index));
        if (!settings.loss().trainsOnReportedLoss()) {
            evaluation.training(example, scores.trainingLoss(place, index), block.classWeight(row));
        }
        evaluation.outcome(example, Outcome.TRAINED);
        if (settings.mixture() != null) {
            for (int e = 0; e < ofExperts.length; e++) {
                ofExperts[e] = scores.expertLoss(place, index, e);
            }
            model.losses().add(ofExperts, examples.weights()[example]);
        }
    }

    private void note(BlockScores scores, int place) {
        int steps = rows.step(end) - rows.step(begin);
        int labelled = 0;
        for (int row = begin; row < end; row++) {
            labelled += rows.isLabelled(row) ? 1 : 0;
        }
        model.note(scores, place, steps, labelled);
        if (steps > 0) {
            Optimizer optimizer = settings.optimizer();
            int rate = model.dominantRate();
            model.gradientNorm(
                    scores.gradientNorm(place, rate)
                            / transfer.gradientFactor(
                                    rate, before.learningRate(optimizer, steps - 1)));
        }
    }

    /** Returns the result, after the run. */
    RunResult result() {
        return new RunResult(end, false, reactionDue);
    }
}
