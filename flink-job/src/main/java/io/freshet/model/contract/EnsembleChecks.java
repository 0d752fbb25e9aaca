package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.contract.PlainEnsemble.Said;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Checks of the blocks of ensembles on a device, whose ferns keep the tests they begin with. */
final class EnsembleChecks {
    /**
     * Largest relative norm of a difference: rounding alone gives some 10⁻⁶, and a feature that
     * rounding puts on the other side of a fern's threshold up to this.
     */
    private static final double TOLERANCE = 1e-4;

    private final List<ContractCheck> checks = new ArrayList<>();

    private EnsembleChecks() {}

    static List<ContractCheck> all(ContractSize size) {
        EnsembleChecks checks = new EnsembleChecks();
        // Each has more examples than the window of the nearest; more than 64 features are
        // projected.
        checks.addShape(6, 3, false, 128, 1300);
        checks.addShape(70, 4, true, 128, 1300);
        if (size == ContractSize.LARGE) {
            checks.addShape(54, 7, false, 256, 5000);
            checks.addShape(512, 10, true, 256, 2500);
        }
        checks.add("several ensembles in one block, undone", EnsembleChecks::severalModels);
        return checks.checks;
    }

    private void add(String name, Function<Engine, List<Deviation>> body) {
        checks.add(new ContractCheck(name, Engine::isDevice, body));
    }

    private void addShape(
            int numFeatures, int numClasses, boolean labelExperts, int rows, int count) {
        LearnerSettings settings =
                ofShape(numFeatures, numClasses, new Standardization(), labelExperts);
        add(
                String.format(
                        "ensemble of %d features, %d classes%s",
                        numFeatures, numClasses, labelExperts ? ", label experts" : ""),
                engine -> {
                    Recording recording = new Recording(settings, 60, count);
                    try (DeviceModels models = new DeviceModels(engine.openDevice(), settings, 1)) {
                        DeviceBlock block = models.newBlock(1, rows);
                        block.wantProbabilities(true);
                        while (recording.done < count) {
                            models.learner().poison(block);
                            recording.fill(models, block, 0, 0, rows);
                            models.learner().submit(block);
                            models.learner().finish(block);
                            recording.record(models, block, 0);
                        }
                        return recording.compare(models, 0);
                    }
                });
    }

    /** Returns settings of ensembles by steps of one example. */
    static LearnerSettings ofShape(
            int numFeatures, int numClasses, Standardization scaler, boolean labelExperts) {
        LearnerSettings linear = LearnerChecks.ofShape(numFeatures, numClasses, 1, scaler);
        return new LearnerSettings(
                numFeatures,
                numClasses,
                1,
                linear.loss(),
                linear.optimizer(),
                new Mixture(EnsembleRule.LINEAR_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                linear.reduction(),
                scaler,
                linear.maxSkippedSteps(),
                false,
                new EnsembleRule(false, labelExperts));
    }

    /**
     * Models with different numbers of rows, in other places of a block than their states. Each
     * block is undone and learnt again.
     */
    private static List<Deviation> severalModels(Engine engine) {
        LearnerSettings settings = ofShape(5, 4, new Standardization(), true);
        int[][] counts = {{64, 1, 33, 0}, {7, 64, 0, 31}, {64, 50, 64, 64}};
        int[] slots = {3, 0, 4, 1};
        List<Recording> recordings = new ArrayList<>();
        for (int m = 0; m < slots.length; m++) {
            int place = m;
            int total = Arrays.stream(counts).mapToInt(ofBlock -> ofBlock[place]).sum();
            recordings.add(new Recording(settings, 70 + m, total));
        }
        try (DeviceModels models =
                new DeviceModels(engine.openDevice(), settings, slots.length + 1)) {
            DeviceBlock block = models.newBlock(slots.length, 64);
            block.wantProbabilities(true);
            for (int[] ofBlock : counts) {
                models.learner().poison(block);
                for (int m = 0; m < slots.length; m++) {
                    recordings.get(m).fill(models, block, m, slots[m], ofBlock[m]);
                }
                models.learner().submit(block);
                models.learner().undo(block);
                models.learner().submit(block);
                models.learner().finish(block);
                for (int m = 0; m < slots.length; m++) {
                    recordings.get(m).record(models, block, m);
                }
            }
            List<Deviation> deviations = new ArrayList<>();
            for (int m = 0; m < slots.length; m++) {
                deviations.addAll(recordings.get(m).compare(models, slots[m]));
            }
            return deviations;
        }
    }

    /** Results of an engine and of the reference for the stream of one model. */
    private static final class Recording {
        private final LearnerSettings settings;
        private final Examples stream;
        private final PlainEnsemble plain;
        private final RecordedEvaluation expected;
        private final RecordedEvaluation found;
        private final int numLosses;
        private final double[] expertLosses;
        private final double[] expectedExpertLosses;
        private final double[] stack;
        private final double[] correction;

        /** Number of examples whose results have been recorded. */
        private int done;

        private int end;

        Recording(LearnerSettings settings, int seed, int count) {
            this.settings = settings;
            EnsembleRule rule = settings.ensemble();
            if (rule == null) {
                throw new IllegalArgumentException("there is no ensemble in " + settings);
            }
            stream = new ExampleStream(settings, seed).weighted().partlyLabelled().take(count);
            plain =
                    new PlainEnsemble(
                            settings.numFeatures(), settings.numClasses(), rule.labelExperts());
            plain.keepTests();
            expected = new RecordedEvaluation(count);
            found = new RecordedEvaluation(count);
            numLosses = plain.numExperts() + PlainEnsemble.ANSWERS;
            expertLosses = new double[count * numLosses];
            expectedExpertLosses = new double[count * numLosses];
            stack = new double[plain.numExperts()];
            correction = new double[plain.numExperts()];
        }

        /** Fills the next rows. */
        void fill(DeviceModels models, DeviceBlock block, int place, int slot, int rows) {
            end = Math.min(stream.size(), done + rows);
            models.fill(block, place, slot, stream, done, end);
        }

        /** Records the results of the rows, and those of the reference. */
        void record(DeviceModels models, DeviceBlock block, int place) {
            models.record(block, place, stream, done, end, found);
            block.scores().stacks(place, stack, correction);
            for (int i = done; i < end; i++) {
                recordExpected(i);
                if (expected.outcomes[i] == Outcome.TRAINED) {
                    for (int k = 0; k < numLosses; k++) {
                        expertLosses[i * numLosses + k] =
                                block.scores().expertLoss(place, i - done, k);
                    }
                }
            }
            done = end;
        }

        private void recordExpected(int i) {
            int numFeatures = settings.numFeatures();
            float[] example =
                    Arrays.copyOfRange(stream.features(), i * numFeatures, (i + 1) * numFeatures);
            int label = stream.labels()[i];
            boolean isLabelled = label != Examples.UNLABELLED;
            Said said =
                    isLabelled
                            ? plain.learn(
                                            List.of(example),
                                            new int[] {label},
                                            new double[] {stream.weights()[i]})
                                    .get(0)
                            : plain.predict(example);
            double[] answer = said.answer;
            int largest = 0;
            double brier = 0;
            for (int c = 0; c < answer.length; c++) {
                largest = answer[c] > answer[largest] ? c : largest;
                double difference = answer[c] - (c == label ? 1 : 0);
                brier += difference * difference;
            }
            expected.outcomes[i] = isLabelled ? Outcome.TRAINED : Outcome.PREDICTED;
            expected.probabilities[i] = answer;
            expected.predictedClasses[i] = largest;
            expected.confidences[i] = answer[largest];
            if (!isLabelled) {
                return;
            }
            expected.losses[i] = -Math.log(answer[label]);
            expected.labelProbabilities[i] = answer[label];
            expected.briers[i] = brier;
            int at = i * numLosses;
            for (double[] prediction : said.experts) {
                expectedExpertLosses[at++] = -Math.log(prediction[label]);
            }
            for (double[] prediction : said.answers) {
                expectedExpertLosses[at++] = -Math.log(prediction[label]);
            }
        }

        List<Deviation> compare(DeviceModels models, int slot) {
            List<Deviation> deviations =
                    new ArrayList<>(Deviations.ofScores(found, expected, TOLERANCE));
            deviations.add(
                    Deviations.of(
                            "losses of experts", expertLosses, expectedExpertLosses, TOLERANCE));
            deviations.add(
                    Deviations.ofParameters(
                            "parameters",
                            settings,
                            models.parameters(slot),
                            plain.parameters(),
                            TOLERANCE));
            double[] expectedStack = new double[stack.length];
            double[] expectedCorrection = new double[stack.length];
            Arrays.setAll(expectedStack, plain::stackWeight);
            Arrays.setAll(expectedCorrection, plain::correctionWeight);
            deviations.add(Deviations.of("stack", stack, expectedStack, TOLERANCE));
            deviations.add(Deviations.of("correction", correction, expectedCorrection, TOLERANCE));
            return deviations;
        }
    }
}
