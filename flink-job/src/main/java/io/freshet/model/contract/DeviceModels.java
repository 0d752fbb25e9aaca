package io.freshet.model.contract;

import io.freshet.ensemble.FernTests;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.cuda.BlockShape;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.DeviceLearner;
import io.freshet.model.cuda.Gradient;
import io.freshet.model.cuda.LinearModel;
import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.LinearModel.OtherExperts;
import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.ensemble.FernState;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.ScalerState;
import java.util.List;

/**
 * Models on a device without a learner around them, so that blocks can have any size and any number
 * of models: cross-entropy, plain steps of one example at a constant rate, a mixture of rates, or
 * an ensemble, whose ferns do not choose their tests.
 */
public final class DeviceModels implements AutoCloseable {
    private final LearnerSettings settings;
    private final DeviceLearner learner;

    /**
     * @param device the device, which is closed with the models
     * @param settings settings of plain steps of one example
     * @param numModels number of models, in their initial state
     */
    public DeviceModels(Device device, LearnerSettings settings, int numModels) {
        this.settings = settings;
        if (!settings.loss().equals(new CrossEntropy(settings.numClasses()))
                || settings.miniBatchSize() != 1
                || !settings.optimizer().isPlain()) {
            throw new IllegalArgumentException(
                    "blocks are filled for cross-entropy and plain steps only, not for "
                            + settings);
        }
        Mixture mixture = settings.mixture();
        ScalerRule scaler = settings.scaler();
        EnsembleRule rule = settings.ensemble();
        LinearModel model =
                new LinearModel(
                        settings.numFeatures(),
                        settings.numOutputs(),
                        false,
                        true,
                        mixture == null ? List.of(1.0) : mixture.rates(),
                        mixture == null
                                ? null
                                : new Mixing(mixture.switchingRates(), mixture.baselines()),
                        false,
                        true,
                        false,
                        scaler == null
                                ? null
                                : new Scaling(
                                        scaler.lossPerExample(),
                                        scaler.clip(),
                                        scaler.acceptsMissing()),
                        rule == null ? null : new OtherExperts(rule.labelExperts()));
        learner = new DeviceLearner(device, model, numModels);
        LearnerState initial = LearnerState.initial(settings);
        for (int slot = 0; slot < numModels; slot++) {
            if (scaler != null) {
                learner.startScaler(slot, ScalerState.initial(settings.numFeatures()));
            }
            if (mixture != null) {
                learner.mixture(slot, initial.weights());
                EnsembleState ensemble = initial.ensemble();
                if (ensemble != null) {
                    learner.ensemble(slot, withTests(ensemble, settings.numFeatures()));
                }
                if (mixture.baselines()) {
                    learner.baselines(slot, initial.baselineCounts(), initial.lastLabel());
                }
            }
        }
    }

    /** Returns an initial state whose ferns have the tests that they begin with. */
    private static EnsembleState withTests(EnsembleState state, int numFeatures) {
        FernTests tests = new FernTests(numFeatures, state.numClasses());
        int[] features = new int[tests.numFerns() * FernTests.TESTS];
        float[] thresholds = new float[features.length];
        for (int test = 0; test < features.length; test++) {
            features[test] = tests.feature(test);
            thresholds[test] = tests.threshold(test);
        }
        return new EnsembleState(
                state.numClasses(),
                new FernState(
                        state.ferns().table(), features, thresholds, new float[0], new int[0]),
                state.points(),
                state.labels(),
                state.featureWeights(),
                state.seen(),
                state.nextRefresh(),
                state.stack(),
                state.correction(),
                state.answers(),
                state.labelCounts(),
                state.lastLabel(),
                state.restarts());
    }

    /** Returns the models' learner. */
    public DeviceLearner learner() {
        return learner;
    }

    /** Creates a block for the rows of some models. */
    public DeviceBlock newBlock(int numModels, int rows) {
        return learner.newBlock(new BlockShape(numModels, rows, Gradient.OF_LABEL, false));
    }

    /**
     * Fills the rows of a model.
     *
     * @param place index of the model in the block
     * @param slot index of the model
     * @param begin first example
     * @param end index after the last example
     */
    public void fill(
            DeviceBlock block, int place, int slot, Examples examples, int begin, int end) {
        double rate = settings.mixture() == null ? settings.learningRate() : 1;
        block.begin(place, slot);
        for (int i = begin; i < end; i++) {
            int row = block.add(examples.features(), i * settings.numFeatures());
            if (examples.labels()[i] != Examples.UNLABELLED) {
                float weight = examples.weights()[i];
                block.label(row, examples.labels()[i], rate * weight, weight, 1);
                if (settings.ensemble() != null) {
                    block.learn(row, examples.labels()[i]);
                }
                block.step(row);
            }
        }
        block.end();
    }

    /** Writes the scores of a model's rows that {@link #fill} was given. */
    void record(
            DeviceBlock block,
            int place,
            Examples examples,
            int begin,
            int end,
            RecordedEvaluation recorded) {
        float[] probabilities = new float[settings.numClasses()];
        for (int i = begin; i < end; i++) {
            int row = i - begin;
            if (examples.labels()[i] == Examples.UNLABELLED) {
                block.scores().probabilities(place, row, probabilities);
                recorded.outcomes[i] = Outcome.PREDICTED;
                double[] values = new double[probabilities.length];
                int largest = 0;
                for (int c = 0; c < values.length; c++) {
                    values[c] = probabilities[c];
                    largest = values[c] > values[largest] ? c : largest;
                }
                recorded.probabilities[i] = values;
                recorded.predictedClasses[i] = largest;
                recorded.confidences[i] = values[largest];
                continue;
            }
            recorded.outcomes[i] = Outcome.TRAINED;
            recorded.losses[i] = block.scores().loss(place, row);
            recorded.predictedClasses[i] = block.scores().predictedClass(place, row);
            recorded.confidences[i] = block.scores().confidence(place, row);
            recorded.briers[i] = block.scores().brier(place, row);
            recorded.ranks[i] = block.scores().rank(place, row);
        }
    }

    /** Returns the parameters of a model, (rates, numFeatures + 1, numOutputs). */
    float[] parameters(int slot) {
        return learner.linear(slot).parameters();
    }

    @Override
    public void close() {
        learner.close();
    }
}
