package io.freshet.model.contract;

import io.freshet.model.BlockWorkspaces;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks of a {@link SoftmaxLearner} on an engine, over its settings. */
final class LearnerChecks {
    /** Sizes of the calls, so that blocks are full, short, and of one row. */
    private static final int[] CALLS = {256, 1, 100, 33, 7};

    /**
     * Rates at which steps on 54 features of unit variance are stable. At 0.3 they are not: there
     * rounding grows tenfold in every four blocks of 256, in every engine.
     */
    private static final List<Double> RATES =
            List.of(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1);

    /** A rate at which they are not, and the error that is allowed after a block of 256. */
    private static final double UNSTABLE_RATE = 0.3;

    private static final double ALLOWED_IF_UNSTABLE = 1e-4;

    private static final double ALLOWED_OF_LARGE_STEPS = 1e-3;

    private static final int MAX_SKIPPED_STEPS = 10;

    /** Examples of a check that is not about a shape. */
    private static final int EXAMPLES = 700;

    private final ContractSize size;
    private final List<ContractCheck> checks = new ArrayList<>();

    private LearnerChecks(ContractSize size) {
        this.size = size;
    }

    static List<ContractCheck> all(ContractSize size) {
        LearnerChecks checks = new LearnerChecks(size);
        checks.addShapes();
        checks.addUnstableRate();
        checks.addLosses();
        checks.addOptimizers();
        checks.addScalers();
        checks.addMixtures();
        checks.addLargeSteps();
        return checks.checks;
    }

    private static LearnerSettings settings(
            int numFeatures,
            int miniBatchSize,
            Loss loss,
            Sgd sgd,
            @Nullable Mixture mixture,
            MiniBatchReduction reduction,
            @Nullable ScalerRule scaler) {
        return new LearnerSettings(
                numFeatures,
                loss.numClasses(),
                miniBatchSize,
                loss,
                sgd,
                mixture,
                reduction,
                scaler,
                MAX_SKIPPED_STEPS);
    }

    /** Returns settings of steps of one example; the learning rate is 0.01, or seven are mixed. */
    static LearnerSettings ofShape(
            int numFeatures, int numClasses, int numRates, @Nullable ScalerRule scaler) {
        // Features of unit variance: with more, steps must be smaller.
        double factor = Math.min(1, 54.0 / numFeatures);
        List<Double> rates =
                RATES.subList(0, numRates).stream().map(rate -> rate * factor).toList();
        return settings(
                numFeatures,
                1,
                new CrossEntropy(numClasses),
                new Sgd(0.01 * factor, 0),
                numRates == 1 ? null : new Mixture(rates, Mixture.DEFAULT_SWITCHING_RATES, false),
                MiniBatchReduction.EXAMPLES,
                scaler);
    }

    private void addShapes() {
        boolean isLarge = size == ContractSize.LARGE;
        addShape(6, 2, 7, 100);
        addShape(54, 7, 1, isLarge ? 100 : 4);
        addShape(54, 7, 7, isLarge ? 100 : 2);
        addShape(4, 16, 2, isLarge ? 100 : 4);
        addShape(4, 17, 2, isLarge ? 100 : 4);
        addShape(3, 129, 1, isLarge ? 20 : 2);
        addShape(3, 600, 1, isLarge ? 20 : 1);
        addShape(2, 1100, 1, isLarge ? 20 : 1);
        if (isLarge) {
            addShape(64, 16, 7, 100);
            addShape(64, 100, 7, 100);
            addShape(512, 10, 7, 100);
            addShape(512, 1000, 1, 20);
        }
    }

    private void addShape(int numFeatures, int numClasses, int numRates, int numBlocks) {
        LearnerSettings settings =
                ofShape(numFeatures, numClasses, numRates, new Standardization());
        String name =
                String.format(
                        "%d blocks of 256 × %d features, %d classes, %s",
                        numBlocks,
                        numFeatures,
                        numClasses,
                        numRates == 1 ? "1 rate" : numRates + " rates");
        checks.add(
                new ContractCheck(
                        name,
                        engine -> engine.learns(settings),
                        engine ->
                                run(
                                        engine,
                                        settings,
                                        new ExampleStream(settings, 1).take(256 * numBlocks),
                                        256)));
    }

    private void addUnstableRate() {
        LearnerSettings settings =
                settings(
                        54,
                        1,
                        new CrossEntropy(7),
                        new Sgd(UNSTABLE_RATE, 0),
                        null,
                        MiniBatchReduction.EXAMPLES,
                        new Standardization());
        checks.add(
                new ContractCheck(
                        "a block at a rate that is not stable, 54 features",
                        engine -> engine.learns(settings),
                        engine ->
                                compareMost(
                                        engine,
                                        settings,
                                        new ExampleStream(settings, 1).take(256),
                                        ALLOWED_IF_UNSTABLE)));
    }

    private void addLosses() {
        OutputWeights some = OutputWeights.of(0.5, 2, 1);
        List<Loss> losses =
                List.of(
                        new CrossEntropy(3),
                        new CrossEntropy(3, some, 1, 0),
                        new CrossEntropy(3, some, Loss.DEFAULT_IGNORE_INDEX, 0.1),
                        new CrossEntropy(3, OutputWeights.BALANCED, Loss.DEFAULT_IGNORE_INDEX, 0),
                        new NegativeLogLikelihood(3, some, 2),
                        new BinaryCrossEntropyWithLogits(3),
                        new BinaryCrossEntropyWithLogits(3, some, OutputWeights.of(3, 1, 0.5)),
                        new BinaryCrossEntropy(3, some),
                        new BinaryCrossEntropyWithLogits(1),
                        new BinaryCrossEntropyWithLogits(
                                1, OutputWeights.of(2), OutputWeights.of(0.25)),
                        new BinaryCrossEntropy(1));
        for (Loss loss : losses) {
            for (int miniBatchSize : new int[] {1, 3, 100}) {
                MiniBatchReduction reduction =
                        miniBatchSize == 3
                                ? MiniBatchReduction.WEIGHTS
                                : MiniBatchReduction.EXAMPLES;
                LearnerSettings settings =
                        settings(
                                5,
                                miniBatchSize,
                                loss,
                                new Sgd(0.05, miniBatchSize == 3 ? 0.5 : 0),
                                null,
                                reduction,
                                null);
                String name = ContractNames.of(loss) + ContractNames.miniBatches(miniBatchSize);
                add(name, settings, false);
                if (loss.acceptsValueTargets()) {
                    add(name + ", a target for each output", settings, true);
                }
            }
        }
    }

    private void add(String name, LearnerSettings settings, boolean isValued) {
        checks.add(
                new ContractCheck(
                        name,
                        engine -> engine.learns(settings),
                        engine -> {
                            ExampleStream stream =
                                    new ExampleStream(settings, 2).weighted().partlyLabelled();
                            if (isValued) {
                                stream.valued();
                            }
                            return run(engine, settings, stream.take(EXAMPLES), CALLS);
                        }));
    }

    private void addOptimizers() {
        LearningRateSchedule constant = LearningRateSchedule.constant(0.05);
        List<Sgd> optimizers =
                List.of(
                        new Sgd(0.05, 0.9),
                        new Sgd(constant, 0.8, 0.3, false, 0),
                        new Sgd(constant, 0.8, 0, true, 0.01),
                        new Sgd(constant, 0, 0, false, 0.02),
                        new Sgd(new LearningRateSchedule(Kind.STEP, 0.1, 0.5, 50), 0, 0, false, 0),
                        new Sgd(
                                new LearningRateSchedule(Kind.EXPONENTIAL, 0.1, 0.99, 1),
                                0.5,
                                0,
                                false,
                                0.001),
                        new Sgd(
                                new LearningRateSchedule(Kind.INVERSE_TIME, 0.2, 0.01, 1),
                                0.5,
                                0,
                                true,
                                0));
        for (Sgd sgd : optimizers) {
            for (int miniBatchSize : new int[] {1, 7, 256}) {
                LearnerSettings settings =
                        settings(
                                6,
                                miniBatchSize,
                                new CrossEntropy(3),
                                sgd,
                                null,
                                MiniBatchReduction.EXAMPLES,
                                null);
                add(
                        ContractNames.of(sgd) + ContractNames.miniBatches(miniBatchSize),
                        settings,
                        false);
            }
        }
    }

    private void addScalers() {
        List<ScalerRule> scalers =
                List.of(
                        new Standardization(),
                        new FadingStandardization(200),
                        new Standardization(10, false),
                        new FadingStandardization(200, 10, false),
                        new Standardization(10, true),
                        new FadingStandardization(200, 10, true));
        for (ScalerRule scaler : scalers) {
            for (int miniBatchSize : new int[] {1, 16}) {
                LearnerSettings settings =
                        settings(
                                5,
                                miniBatchSize,
                                new CrossEntropy(3),
                                new Sgd(0.05, 0),
                                null,
                                MiniBatchReduction.EXAMPLES,
                                scaler);
                boolean isClipped = scaler.clip() > 0;
                checks.add(
                        new ContractCheck(
                                ContractNames.of(scaler)
                                        + ContractNames.miniBatches(miniBatchSize)
                                        + (isClipped ? ", outliers" : "")
                                        + (scaler.acceptsMissing() ? ", missing values" : ""),
                                engine -> engine.learns(settings),
                                engine -> {
                                    Examples stream =
                                            new ExampleStream(settings, 3)
                                                    .weighted()
                                                    .partlyLabelled()
                                                    .take(EXAMPLES);
                                    spoil(stream, isClipped, scaler.acceptsMissing());
                                    return run(engine, settings, stream, CALLS);
                                }));
            }
        }
    }

    /** Shifts the features of a stream, and makes outliers of some and lets others be missing. */
    private static void spoil(Examples stream, boolean outliers, boolean missing) {
        for (int i = 0; i < stream.size() * stream.numFeatures(); i++) {
            stream.features()[i] += i % stream.numFeatures() * 10;
            if (outliers && i % 97 == 5) {
                stream.features()[i] *= 1e6f;
            }
            if (missing && i % 13 == 4) {
                stream.features()[i] = Float.NaN;
            }
        }
    }

    private void addMixtures() {
        for (int numClasses : new int[] {2, 7, 40}) {
            for (int miniBatchSize : new int[] {1, 8}) {
                LearnerSettings settings =
                        settings(
                                4,
                                miniBatchSize,
                                new CrossEntropy(numClasses),
                                new Sgd(1, 0),
                                new Mixture(
                                        numClasses == 40 ? RATES.subList(3, 6) : RATES,
                                        Mixture.DEFAULT_SWITCHING_RATES,
                                        true),
                                MiniBatchReduction.EXAMPLES,
                                new FadingStandardization(300));
                add(
                        "mixture with baselines, "
                                + numClasses
                                + " classes"
                                + ContractNames.miniBatches(miniBatchSize),
                        settings,
                        false);
            }
        }
        LearnerSettings smoothed =
                settings(
                        4,
                        1,
                        new CrossEntropy(
                                3, OutputWeights.of(0.5, 2, 1), Loss.DEFAULT_IGNORE_INDEX, 0.1),
                        new Sgd(1, 0),
                        new Mixture(RATES, 0.001, false),
                        MiniBatchReduction.EXAMPLES,
                        null);
        add("mixture under class weights and smoothing", smoothed, false);
        add("mixture under class weights and smoothing, soft targets", smoothed, true);
    }

    /**
     * Steps so large that logits move by thousands within a block. Rounding of float is magnified
     * then, so that more is allowed: the error says how much care such blocks need.
     */
    private void addLargeSteps() {
        for (int numFeatures : new int[] {6, 54}) {
            double rate = 3000.0 / numFeatures;
            LearnerSettings settings =
                    settings(
                            numFeatures,
                            1,
                            new CrossEntropy(3),
                            new Sgd(rate, 0),
                            null,
                            MiniBatchReduction.EXAMPLES,
                            null);
            checks.add(
                    new ContractCheck(
                            String.format("steps of rate %.0f, %d features", rate, numFeatures),
                            engine -> engine.learns(settings),
                            engine -> {
                                Examples stream = new ExampleStream(settings, 4).take(512);
                                return compareMost(
                                        engine, settings, stream, ALLOWED_OF_LARGE_STEPS);
                            }));
        }
    }

    private static List<Deviation> compareMost(
            Engine engine, LearnerSettings settings, Examples stream, double allowed) {
        PlainLoop plain = new PlainLoop(settings);
        RecordedEvaluation expected = plain.learn(stream);
        LearnerState state;
        RecordedEvaluation found;
        try (BlockWorkspaces workspaces =
                        new BlockWorkspaces(settings, false, engine.workspaces());
                SoftmaxLearner learner =
                        new SoftmaxLearner(workspaces, LearnerState.initial(settings))) {
            found = RecordedEvaluation.byCalls(learner, stream, 256);
            state = learner.state();
        }
        return List.of(
                Deviations.of("losses", found.losses, expected.losses, allowed),
                Deviations.ofParameters(
                        "parameters", settings, state.parameters(), plain.parameters, allowed));
    }

    private static List<Deviation> run(
            Engine engine, LearnerSettings settings, Examples stream, int... calls) {
        PlainLoop plain = new PlainLoop(settings);
        RecordedEvaluation expected = plain.learn(stream);
        try (BlockWorkspaces workspaces =
                        new BlockWorkspaces(settings, false, engine.workspaces());
                SoftmaxLearner learner =
                        new SoftmaxLearner(workspaces, LearnerState.initial(settings))) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, stream, calls);
            List<Deviation> deviations =
                    new ArrayList<>(Deviations.ofResults(found, expected, Deviations.TOLERANCE));
            LearnerState state = learner.state();
            deviations.add(
                    Deviations.ofParameters(
                            "parameters",
                            settings,
                            state.parameters(),
                            plain.parameters,
                            Deviations.TOLERANCE));
            if (!settings.optimizer().stateNames().isEmpty()) {
                deviations.add(
                        Deviations.ofParameters(
                                "velocity",
                                settings,
                                state.optimizer().array(Sgd.VELOCITY),
                                plain.velocity,
                                Deviations.TOLERANCE));
            }
            if (settings.mixture() != null) {
                double[] weights = new double[plain.weights.length];
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = learner.weight(k);
                }
                deviations.add(
                        Deviations.of(
                                "weights of the mixture",
                                weights,
                                plain.weights,
                                Deviations.TOLERANCE));
            }
            if (settings.scaler() != null) {
                deviations.add(
                        Deviations.of(
                                "means", state.scaler().mean(), plain.mean, Deviations.TOLERANCE));
                deviations.add(
                        Deviations.of(
                                "squared deviations",
                                state.scaler().squaredDeviations(),
                                plain.squaredDeviations,
                                Deviations.TOLERANCE));
            }
            return deviations;
        }
    }
}
