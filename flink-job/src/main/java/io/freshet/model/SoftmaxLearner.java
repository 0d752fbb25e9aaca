package io.freshet.model;

import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import io.freshet.model.linalg.ProductTiles;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Softmax regression, trained online by test-then-train; the live form of a {@link LearnerState}.
 *
 * <p>For each mini-batch the scaler observes the features, then the whole mini-batch is scored with
 * the parameters before its step, then one step of the optimiser is taken. Examples without a label
 * are predicted with the parameters and the scaler at their position in the stream, and change
 * nothing. Parameters start at zero. With a {@link Mixture} several learning rates are trained in
 * parallel, and their predictions are mixed.
 *
 * <p>Steps are computed in blocks ({@link BlockedSgd}). How a stream is divided into calls changes
 * results by rounding at most, and not at all with {@link #learnFullBlocks}. The same state and the
 * same calls give the same results bit for bit, even if a new learner is created from {@link
 * #state()} in between: the learner uses neither a clock nor random numbers.
 *
 * <p>Where classes are open ({@link BlockWorkspaces}), a learner begins with one class. It adds the
 * classes up to a new label before the mini-batch that has the label, with parameters 0; the other
 * parameters do not change. So a class takes part in the softmax from the first mini-batch that has
 * it on, and its first logit is 0.
 *
 * <p>If a loss or the parameters after a step would not be finite, the whole step is skipped: the
 * parameters, the optimiser's state, the mixture's weights and the scaler stay as they were before
 * the mini-batch, and a counter is incremented. In a mixture a step is skipped only if it is finite
 * for none of the learning rates. Otherwise each rate whose step is not finite restarts from the
 * parameters of the rate with the largest weight among the others. After {@code maxSkippedSteps}
 * consecutive skipped steps the parameters are rolled back to the last good copy; such a copy is
 * made every 1000 steps, in large sparse models less often. If there is no copy yet, or no step was
 * taken since the last roll-back, they are reset to zero.
 *
 * <p>The parameters live in native memory until {@link #close()}. For one thread at a time.
 */
public final class SoftmaxLearner implements LearnerControl, AutoCloseable {
    private final BlockWorkspaces workspaces;
    private final boolean ownsWorkspaces;
    private final int[] pending;
    private LearnerSettings settings;
    private StepWorkspace workspace;
    private Trainer trainer;
    private boolean closed;
    private LearnerCounters counters;
    private @Nullable Call call;

    /** Frequencies of the labels, of which those in the block are counted; null if not balanced. */
    private final @Nullable ClassFrequencies frequencies;

    private double[] goodWeights;
    private boolean hasCopy;

    /**
     * Creates a learner with a workspace of its own.
     *
     * @param state initial state; copied
     */
    public SoftmaxLearner(LearnerSettings settings, LearnerState state) {
        this(new BlockWorkspaces(settings), true, state);
    }

    /**
     * @param opener opens the learner's workspace
     */
    SoftmaxLearner(
            LearnerSettings settings,
            LearnerState state,
            Function<LearnerSettings, StepWorkspace> opener) {
        this(new BlockWorkspaces(settings, false, opener), true, state);
    }

    SoftmaxLearner(LearnerSettings settings, Precision precision, LearnerState state) {
        this(settings, precision, MatrixFactory.tiles(precision), state);
    }

    /**
     * @param tiles tile sizes of products, for which blocks are sized
     */
    SoftmaxLearner(
            LearnerSettings settings, Precision precision, ProductTiles tiles, LearnerState state) {
        this(
                new BlockWorkspaces(
                        settings,
                        false,
                        open ->
                                open.isSparse()
                                        ? new SparseWorkspace(open)
                                        : new BlockWorkspace(open, precision, tiles)),
                true,
                state);
    }

    /**
     * Creates a learner that shares workspaces with others.
     *
     * @param workspaces their settings are the learner's; must stay open
     * @param state initial state; copied
     */
    public SoftmaxLearner(BlockWorkspaces workspaces, LearnerState state) {
        this(workspaces, false, state);
    }

    private SoftmaxLearner(BlockWorkspaces workspaces, boolean ownsThem, LearnerState state) {
        this.settings = workspaces.settingsOf(state);
        state.requireFits(settings);
        this.workspaces = workspaces;
        this.ownsWorkspaces = ownsThem;
        this.workspace = workspaces.borrow(settings);
        this.trainer = trainer(workspace, state);
        this.pending = new int[settings.miniBatchSize()];
        this.counters = state.counters();
        this.frequencies = ClassFrequencies.of(settings, state);
        this.goodWeights = state.goodWeights();
        this.hasCopy = state.hasGoodParameters();
    }

    private static Trainer trainer(StepWorkspace workspace, LearnerState state) {
        if (workspace instanceof CudaWorkspace cuda) {
            return new CudaSgd(cuda, state);
        }
        return workspace instanceof BlockWorkspace blocks
                ? new BlockedSgd(blocks, state)
                : new SparseSgd((SparseWorkspace) workspace, state);
    }

    /** Returns the settings; where classes are open, with the number of classes so far. */
    public LearnerSettings settings() {
        return settings;
    }

    /** Returns whether the model learns on a CUDA device. */
    boolean isOnDevice() {
        return trainer instanceof CudaSgd;
    }

    /** Returns the live parameters of a dense model on the CPU; not a copy. */
    Parameters parameters() {
        return ((BlockedSgd) trainer).parameters();
    }

    /** Returns the counters. */
    public LearnerCounters counters() {
        return counters;
    }

    @Override
    public long modelVersion() {
        return counters.modelVersion();
    }

    /**
     * Returns the learning rate of the next step; for a mixture, the weighted mean of its rates.
     */
    public double learningRate() {
        MixtureWeights weights = trainer.weights();
        if (weights == null) {
            return counters.learningRate(settings.optimizer(), 0);
        }
        double sum = 0;
        double rate = 0;
        for (int r = 0; r < settings.numRates(); r++) {
            sum += weights.weight(r);
            rate += weights.weight(r) * settings.learningRates().get(r);
        }
        return rate / sum;
    }

    /** Returns an expert's weight in the prediction, 0 to 1; 1 without a mixture. */
    public double weight(int expert) {
        MixtureWeights weights = trainer.weights();
        return weights == null ? 1 : weights.weight(expert);
    }

    /**
     * Returns an expert's mean loss with exponential forgetting, in nats, of {@link
     * LearnerSettings#lossSpan}; NaN before its first, and without a mixture.
     */
    public double loss(int expert) {
        return settings.mixture() == null ? Double.NaN : trainer.losses().mean(expert);
    }

    /** Returns an expert's weight in the stack of an ensemble; NaN without one. */
    public double stackWeight(int expert) {
        CombinationWeights weights = trainer.combination();
        return weights == null ? Double.NaN : weights.stackWeight(expert);
    }

    /** Returns an expert's weight in the stack on top of the mixture; NaN without an ensemble. */
    public double correctionWeight(int expert) {
        CombinationWeights weights = trainer.combination();
        return weights == null ? Double.NaN : weights.correctionWeight(expert);
    }

    /**
     * Returns the weight of a combination in the answer of an ensemble, 0 to 1; NaN without one.
     *
     * @param combination 0 for the mixture, 1 for the stack, 2 for the stack on top of the mixture
     */
    public double combinationWeight(int combination) {
        CombinationWeights weights = trainer.combination();
        return weights == null ? Double.NaN : weights.answerWeight(combination);
    }

    /**
     * Returns the mean loss of a combination of an ensemble, as {@link #loss} that of an expert.
     */
    public double combinationLoss(int combination) {
        return settings.ensemble() == null
                ? Double.NaN
                : trainer.losses().mean(settings.numExperts() + combination);
    }

    /** Returns how often a learning rate restarted because its step was not finite. */
    public long restarts(int rate) {
        return trainer.restarts()[rate];
    }

    /**
     * Tests on examples in their order, then trains on them, mini-batch by mini-batch.
     *
     * @param examples Not modified. Those whose outcome is {@link Outcome#PENDING} must be passed
     *     again in the next call, before newer ones.
     * @param closeLast whether the last mini-batch is trained on even if it is incomplete
     * @param evaluation receives the outcome of each example. Modified.
     */
    public void learn(Examples examples, boolean closeLast, Evaluation evaluation) {
        learn(examples, closeLast, evaluation, null);
    }

    /**
     * Tests on examples in their order, then trains on them, mini-batch by mini-batch. An observer
     * sees each mini-batch and may change the learner before the next one.
     *
     * @param examples Not modified. Those whose outcome is {@link Outcome#PENDING} must be passed
     *     again in the next call, before newer ones.
     * @param closeLast whether the last mini-batch is trained on even if it is incomplete
     * @param evaluation receives the outcome of each example. Modified.
     * @param stepObserver null for none
     */
    public void learn(
            Examples examples,
            boolean closeLast,
            Evaluation evaluation,
            @Nullable StepObserver stepObserver) {
        begin(
                examples,
                closeLast ? Remainder.LEARNT : Remainder.WITHOUT_MINI_BATCH,
                evaluation,
                stepObserver);
        runToEnd(List.of(this));
    }

    /**
     * Tests on examples and trains on them like {@link #learn(Examples, boolean, Evaluation,
     * StepObserver)}, but in full execution blocks only. Examples that do not fill a block, with or
     * without a label, stay pending. So the blocks, and with them every bit of the results, depend
     * only on the stream, however it is divided into calls.
     *
     * @param examples Not modified. Those whose outcome is {@link Outcome#PENDING} must be passed
     *     again in the next call, in their order and before newer ones.
     * @param evaluation receives the outcome of each example. Modified.
     * @param stepObserver null for none
     */
    public void learnFullBlocks(
            Examples examples, Evaluation evaluation, @Nullable StepObserver stepObserver) {
        begin(examples, Remainder.WITHOUT_BLOCK, evaluation, stepObserver);
        runToEnd(List.of(this));
    }

    /** Treatment of the examples at the end of a call that do not fill a block. */
    public enum Remainder {
        /** They are learnt, the last mini-batch even if it is incomplete. */
        LEARNT,

        /** They are learnt, except for an incomplete mini-batch, which stays pending. */
        WITHOUT_MINI_BATCH,

        /** They stay pending, with and without a label. */
        WITHOUT_BLOCK
    }

    /** The examples of a call, and how far they are in blocks. */
    private static final class Call {
        private final Examples examples;
        private final Remainder remainder;
        private final Evaluation evaluation;
        private final @Nullable StepObserver observer;

        /** Index of the first example that is in no block and no mini-batch. */
        private int next;

        /** Number of examples of the next mini-batch, whose indices are in {@link #pending}. */
        private int numPending;

        private boolean isLastBlock;

        Call(
                Examples examples,
                Remainder remainder,
                Evaluation evaluation,
                @Nullable StepObserver observer) {
            this.examples = examples;
            this.remainder = remainder;
            this.evaluation = evaluation;
            this.observer = observer;
        }
    }

    /**
     * Begins a call of {@code learn} that can run together with those of other learners; {@link
     * #runToEnd} must follow.
     *
     * @param examples Not modified. Those whose outcome is {@link Outcome#PENDING} afterwards must
     *     be passed again in the next call, in their order and before newer ones.
     * @param evaluation receives the outcome of each example. Modified.
     * @param stepObserver null for none
     */
    public void begin(
            Examples examples,
            Remainder remainder,
            Evaluation evaluation,
            @Nullable StepObserver stepObserver) {
        if (call != null) {
            throw new IllegalStateException(
                    "the learner is in the middle of a call: an observer may change it, but not"
                            + " pass it examples");
        }
        requireFits(examples);
        evaluation.begin(examples.size(), examples.labels(), examples.weights());
        evaluation.numClasses(settings.numClasses());
        call = new Call(examples, remainder, evaluation, stepObserver);
    }

    private Call call() {
        Call current = call;
        if (current == null) {
            throw new IllegalStateException("the learner is not in the middle of a call");
        }
        return current;
    }

    /**
     * Runs the calls of different learners to their ends. Blocks that are on one device at the same
     * time run in as few launches as possible; the results are those of one learner after the
     * other.
     */
    public static void runToEnd(List<SoftmaxLearner> learners) {
        List<SoftmaxLearner> ready = new ArrayList<>(learners);
        ready.removeIf(learner -> !learner.fillBlock());
        while (!ready.isEmpty()) {
            runTogether(ready);
            ready.removeIf(learner -> !learner.fillBlock());
        }
    }

    /**
     * Fills the block with the next examples of the call.
     *
     * @return true if the block must run before the call goes on, false if the call has ended
     */
    private boolean fillBlock() {
        Call current = call();
        int numExamples = current.examples.size();
        while (current.numPending == pending.length || current.next < numExamples) {
            if (current.numPending == pending.length) {
                if (addMiniBatch(current)) {
                    return true;
                }
            } else if (current.examples.labels()[current.next] != Examples.UNLABELLED) {
                pending[current.numPending++] = current.next++;
            } else {
                trainer.block().rows().addUnlabelled(current.next++);
                if (!trainer.block().hasRoomFor(1)) {
                    return true;
                }
            }
        }
        if (current.remainder == Remainder.WITHOUT_BLOCK) {
            trainer.clear();
            if (frequencies != null) {
                frequencies.undo();
            }
            call = null;
            return false;
        }
        boolean closesLast = current.remainder == Remainder.LEARNT;
        if (closesLast && current.numPending > 0 && addMiniBatch(current)) {
            return true;
        }
        if (!current.isLastBlock) {
            current.isLastBlock = true;
            return true;
        }
        call = null;
        return false;
    }

    /**
     * Adds the pending mini-batch to the block, unless the rows that are in the block must run
     * before. Where classes are open, those up to its largest label are added to the model.
     *
     * @return whether the block must run
     */
    private boolean addMiniBatch(Call current) {
        int size = current.numPending;
        int numClasses = neededClasses(current.examples, size);
        if (numClasses > settings.numClasses()) {
            if (trainer.block().rows().size() > 0) {
                return true;
            }
            addClasses(numClasses, current.evaluation);
        }
        if (!trainer.block().hasRoomFor(size)) {
            return true;
        }
        current.numPending = 0;
        if (!trainer.block().addMiniBatch(current.examples, pending, size, frequencies)) {
            for (int i = 0; i < size; i++) {
                current.evaluation.outcome(pending[i], Outcome.WEIGHTLESS);
            }
        }
        // A block ends where a copy is due, so that copies do not depend on the calls' sizes.
        return !trainer.block().hasRoomFor(1)
                || counters.stepsSinceCopy() + trainer.block().rows().numSteps()
                        >= trainer.stepsBetweenCopies();
    }

    /** Returns the number of classes that a model needs for the pending mini-batch. */
    private int neededClasses(Examples examples, int size) {
        int needed = settings.numClasses();
        for (int i = 0; i < size; i++) {
            needed = Math.max(needed, examples.labels()[pending[i]] + 1);
        }
        return needed;
    }

    /** Adds classes up to a number. There must be no rows in the block. */
    private void addClasses(int numClasses, Evaluation evaluation) {
        LearnerSettings extended = settings.withClasses(numClasses);
        LearnerState state =
                state().extended(settings.numFeatures(), settings.numOutputs(), extended);
        StepWorkspace borrowed = workspaces.borrow(extended);
        trainer.close();
        workspaces.giveBack(workspace);
        if (frequencies != null) {
            frequencies.extend(numClasses);
        }
        settings = extended;
        workspace = borrowed;
        trainer = trainer(borrowed, state);
        evaluation.numClasses(numClasses);
    }

    /** Runs the blocks of different learners that {@link #fillBlock} has filled. */
    private static void runTogether(List<SoftmaxLearner> learners) {
        if (learners.size() == 1) {
            learners.get(0).runBlock(null);
            return;
        }
        List<SoftmaxLearner> alone = new ArrayList<>();
        Map<SoftmaxLearner, CudaRun> runs = new LinkedHashMap<>();
        Map<StepWorkspace, List<CudaRun>> byWorkspace = new LinkedHashMap<>();
        for (SoftmaxLearner learner : learners) {
            Call call = learner.call();
            CudaRun run =
                    learner.trainer.tryRun(
                            learner.counters, call.examples, call.evaluation, call.observer);
            if (run == null) {
                alone.add(learner);
            } else {
                runs.put(learner, run);
                byWorkspace.computeIfAbsent(learner.workspace, key -> new ArrayList<>()).add(run);
            }
        }
        byWorkspace.forEach(
                (workspace, together) -> CudaRun.run((CudaWorkspace) workspace, together));
        // Only now, as a reaction may learn, and move the states on the device.
        runs.forEach((learner, run) -> learner.runBlock(run.result()));
        alone.forEach(learner -> learner.runBlock(null));
    }

    /**
     * Runs the rows of the block.
     *
     * @param first result of a run of its first rows; null to run them, too
     */
    private void runBlock(@Nullable RunResult first) {
        Call current = call();
        StepObserver observer = current.observer;
        BlockRows rows = trainer.block().rows();
        RunResult result = first;
        int done = 0;
        while (done < rows.size()) {
            if (result == null) {
                result =
                        trainer.run(done, counters, current.examples, current.evaluation, observer);
            }
            int end = result.end();
            if (result.skipped()) {
                counters = counters.skipped();
                if (counters.skippedInARow() >= settings.maxSkippedSteps()) {
                    rollBack();
                }
            } else if (rows.step(end) > rows.step(done)) {
                counters = counters.taken(rows.step(end) - rows.step(done));
            }
            if (result.reactionDue() && observer != null) {
                observer.react(this);
            }
            // Copied only after the reaction, which may roll back to the previous copy.
            if (counters.stepsSinceCopy() >= trainer.stepsBetweenCopies()) {
                copy();
            }
            done = end;
            result = null;
        }
        trainer.clear();
        if (frequencies != null) {
            frequencies.keep();
        }
        if (observer != null) {
            observer.endBlock();
        }
    }

    @Override
    public void resetScaler() {
        trainer.resetScaler();
        counters = counters.changed();
    }

    @Override
    public void resetParameters() {
        returnToStart();
        counters = counters.changed().copied();
    }

    @Override
    public void rollBack() {
        returnToGood();
        counters = counters.rolledBack();
    }

    @Override
    public void resetOptimizer() {
        trainer.resetOptimizer();
        counters = counters.changed();
    }

    @Override
    public void boost(double factor, long steps) {
        if (settings.mixture() != null) {
            throw new IllegalStateException("a mixture has no learning rate to boost");
        }
        if (!(factor > 0 && factor <= Float.MAX_VALUE) || steps < 0) {
            throw new IllegalArgumentException(
                    "the factor must be finite and greater than 0, and the steps at least 0, but"
                            + " they are "
                            + factor
                            + " and "
                            + steps);
        }
        counters = counters.boosted(factor, steps);
    }

    @Override
    public void copyFrom(LearnerState other) {
        LearnerState state =
                other.extended(
                        settings.numFeatures(),
                        workspaces.settingsOf(other).numOutputs(),
                        settings);
        state.requireFits(settings);
        trainer.copyFrom(state);
        counters = counters.changed();
    }

    /**
     * Returns the Euclidean norm of the mean gradient of the last mini-batch, bias included; in a
     * mixture, that of the learning rate with the largest weight. NaN before the first step of this
     * object, and if the learning rate was 0.
     */
    public double gradientNorm() {
        return trainer.gradientNorm();
    }

    /**
     * Returns the Euclidean norm of the parameters, bias included; in a mixture, those of the
     * learning rate with the largest weight.
     */
    public double parameterNorm() {
        return trainer.parameterNorm();
    }

    private void copy() {
        trainer.keepGood();
        MixtureWeights weights = trainer.weights();
        goodWeights = weights == null ? new double[0] : weights.state();
        hasCopy = true;
        counters = counters.copied();
    }

    private void returnToGood() {
        if (hasCopy && counters.stepsSinceRollBack() > 0) {
            trainer.returnToGood();
            trainer.setWeights(goodWeights);
        } else {
            returnToStart();
        }
    }

    private void returnToStart() {
        trainer.returnToStart();
        trainer.losses().restart();
        trainer.setWeights(LearnerState.initialWeights(settings));
        goodWeights = new double[0];
        hasCopy = false;
    }

    /**
     * Predicts probabilities with the current parameters and scaler. Changes nothing.
     *
     * @param features (count, numFeatures) row-major. Not modified.
     * @param count number of rows
     * @param probabilities (count, numClasses) row-major. Modified.
     */
    public void predict(float[] features, int count, float[] probabilities) {
        Examples queries = new Examples(settings.numFeatures());
        Evaluation predictions = new Evaluation(settings.numClasses());
        for (int i = 0; i < count; i++) {
            queries.add(features, i * settings.numFeatures(), Examples.UNLABELLED, 1);
        }
        learn(queries, false, predictions);
        int numClasses = settings.numClasses();
        for (int i = 0; i < count; i++) {
            System.arraycopy(
                    predictions.probabilities(i), 0, probabilities, i * numClasses, numClasses);
        }
    }

    /**
     * Returns the number of values of each feature that the scaler clipped before it observed them,
     * (numFeatures); empty if it clips none.
     */
    public long[] clippedValues() {
        return trainer.clippedValues();
    }

    /**
     * Returns the number of features that have parameters: in a sparse model, those that occurred.
     */
    public int numColumns() {
        return trainer.numColumns();
    }

    /** Returns the state, in new arrays that are never written to again. */
    public LearnerState state() {
        double[] classCounts = frequencies == null ? new double[0] : frequencies.counts();
        return trainer.state(counters, goodWeights, classCounts);
    }

    /** Frees the native memory. A second call does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        trainer.close();
        workspaces.giveBack(workspace);
        if (ownsWorkspaces) {
            workspaces.close();
        }
    }

    private void requireFits(Examples examples) {
        if ((examples.sparse() != null) != settings.isSparse()) {
            throw new IllegalArgumentException(
                    settings.isSparse()
                            ? "the model is sparse, but the examples are dense"
                            : "the model is dense, but the examples are sparse");
        }
        if (examples.numFeatures() != settings.numFeatures()) {
            throw new IllegalArgumentException(
                    "the model has "
                            + settings.numFeatures()
                            + " features, but the examples have "
                            + examples.numFeatures());
        }
        if (examples.numTargets() != 0 && examples.numTargets() != settings.numOutputs()) {
            throw new IllegalArgumentException(
                    "the model has "
                            + settings.numOutputs()
                            + " outputs, but the examples have "
                            + examples.numTargets()
                            + " targets");
        }
        for (int i = 0; i < examples.size(); i++) {
            int label = examples.labels()[i];
            if (label < Examples.UNLABELLED || label >= workspaces.maxClasses()) {
                throw new IllegalArgumentException(
                        "a label must be 0 to "
                                + (workspaces.maxClasses() - 1)
                                + ", or -1 for none, but is "
                                + label);
            }
        }
    }
}
