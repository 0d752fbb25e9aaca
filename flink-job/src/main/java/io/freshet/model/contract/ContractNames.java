package io.freshet.model.contract;

import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import java.util.Locale;

/** Names of checks, which list what differs from the defaults. */
final class ContractNames {
    private ContractNames() {}

    static String of(Loss loss) {
        StringBuilder name = new StringBuilder(loss.getClass().getSimpleName());
        name.append(", ").append(loss.numOutputs());
        name.append(loss.numOutputs() == 1 ? " output" : " outputs");
        if (loss instanceof CrossEntropy options) {
            add(name, "class weights", options.classWeights());
            add(name, "ignored class", options.ignoreIndex() >= 0);
            add(name, "smoothing", options.labelSmoothing() > 0);
        } else if (loss instanceof NegativeLogLikelihood options) {
            add(name, "class weights", options.classWeights());
            add(name, "ignored class", options.ignoreIndex() >= 0);
        } else if (loss instanceof BinaryCrossEntropyWithLogits options) {
            add(name, "output weights", options.outputWeights());
            add(name, "positive weights", options.positiveWeights());
        } else if (loss instanceof BinaryCrossEntropy options) {
            add(name, "output weights", options.outputWeights());
        }
        return name.toString();
    }

    private static void add(StringBuilder name, String what, OutputWeights weights) {
        if (weights.equals(OutputWeights.BALANCED)) {
            name.append(", balanced classes");
        } else {
            add(name, what, !weights.isNone());
        }
    }

    private static void add(StringBuilder name, String what, boolean isThere) {
        if (isThere) {
            name.append(", ").append(what);
        }
    }

    static String of(Sgd sgd) {
        StringBuilder name = new StringBuilder("SGD");
        add(name, "momentum " + sgd.momentum(), sgd.momentum() > 0);
        add(name, "dampening " + sgd.dampening(), sgd.dampening() > 0);
        add(name, "Nesterov", sgd.nesterov());
        add(name, "weight decay " + sgd.weightDecay(), sgd.weightDecay() > 0);
        LearningRateSchedule schedule = sgd.learningRate();
        String kind = schedule.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        add(name, kind + " decay of the rate", schedule.kind() != Kind.CONSTANT);
        return name.toString();
    }

    static String of(ScalerRule scaler) {
        return scaler instanceof FadingStandardization ? "fading moments" : "moments";
    }

    static String miniBatches(int size) {
        return size == 1 ? "" : ", mini-batches of " + size;
    }
}
