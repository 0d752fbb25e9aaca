package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.model.LearnerSettings;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The optimisers that can be configured. A constant is the only place to add one: it declares the
 * optimiser's keys, each with the property that it sets, and its factory.
 */
@SuppressWarnings("ImmutableEnumChecker") // keys are complete once their constant is created
public enum OptimizerOption {
    /** {@link Sgd}. */
    SGD(
            keys -> {
                var momentum =
                        keys.add(
                                Key.ofDouble(
                                        "training.momentum",
                                        0,
                                        0,
                                        Math.nextDown(1.0),
                                        "Momentum m, as in PyTorch: v = m v + gradient;"
                                                + " parameters -= learning rate v."),
                                Sgd::momentum);
                var dampening =
                        keys.add(
                                Key.ofDouble(
                                        "training.dampening",
                                        0,
                                        0,
                                        1,
                                        "Dampening d, as in PyTorch: v = m v + (1 - d) gradient."),
                                Sgd::dampening);
                var nesterov =
                        keys.add(
                                Key.ofBoolean(
                                        "training.nesterov",
                                        false,
                                        "Whether to use Nesterov momentum, as in PyTorch:"
                                                + " parameters -= learning rate (gradient + m v)."),
                                Sgd::nesterov);
                var weightDecay =
                        keys.add(
                                Key.ofDouble(
                                        "training.weight-decay",
                                        0,
                                        0,
                                        Float.MAX_VALUE,
                                        "Weight decay w, as in PyTorch: w times the parameters, the"
                                                + " bias included, is added to the gradient."),
                                Sgd::weightDecay);
                return (settings, learningRate) -> {
                    boolean hasMomentum = settings.get(momentum) > 0;
                    List<String> problems = new ArrayList<>();
                    if (settings.get(dampening) > 0 && (!hasMomentum || settings.get(nesterov))) {
                        problems.add(
                                settings.assignment(dampening)
                                        + " needs "
                                        + momentum
                                        + " above 0, and no "
                                        + nesterov);
                    }
                    if (settings.get(nesterov) && !hasMomentum) {
                        problems.add(
                                settings.assignment(nesterov) + " needs " + momentum + " above 0");
                    }
                    problems.forEach(settings::problem);
                    LearningRateSchedule schedule = ScheduleConfig.read(settings, learningRate);
                    return problems.isEmpty()
                            ? new Sgd(
                                    schedule,
                                    settings.get(momentum),
                                    settings.get(dampening),
                                    settings.get(nesterov),
                                    settings.get(weightDecay))
                            : plain(learningRate);
                };
            });

    /** The keys of all optimisers, and of the schedule that they share. */
    static final List<Key<?>> KEYS =
            Stream.concat(
                            Arrays.stream(values())
                                    .<Key<?>>flatMap(option -> option.keys.keys().stream())
                                    .distinct(),
                            ScheduleConfig.KEYS.stream())
                    .toList();

    private final OptionKeys<Sgd> keys = new OptionKeys<>(Sgd.class);
    private final BiFunction<Settings, Double, Sgd> factory;

    /**
     * @param definition declares the keys and returns the factory that reads them, given the
     *     learning rate of the first step
     */
    OptimizerOption(Function<OptionKeys<Sgd>, BiFunction<Settings, Double, Sgd>> definition) {
        factory = definition.apply(keys);
    }

    /**
     * Creates the optimiser. Problems are recorded in the settings, and the optimiser is then plain
     * SGD.
     */
    Sgd create(Settings settings, double learningRate) {
        return factory.apply(settings, learningRate);
    }

    /**
     * Returns SGD with a constant learning rate and nothing else, the optimiser of a mixture's
     * experts.
     */
    static Sgd plain(double learningRate) {
        return new Sgd(learningRate, 0);
    }

    /** Returns the keys that must have their default values under a mixture of learning rates. */
    List<Key<?>> keysRefusedUnderMixture() {
        List<Key<?>> refused = new ArrayList<>(keys.keys());
        refused.add(ScheduleConfig.SCHEDULE);
        return refused;
    }

    /** Returns the keys of this optimiser alone. */
    List<Key<?>> keys() {
        return keys.keys();
    }

    /** Returns an optimiser's hyper-parameters, without the learning rate, by key. */
    static Map<String, String> hyperParameters(Sgd sgd) {
        Map<String, String> values = SGD.keys.values(sgd);
        values.putAll(ScheduleConfig.hyperParameters(sgd.learningRate()));
        return values;
    }

    /** Returns why the learner's optimiser has no state between steps; empty if it has some. */
    public static Optional<String> whyStateless(LearnerSettings learner) {
        if (learner.mixture() != null) {
            return Optional.of(LearningRateConfig.LEARNING_RATE + " = auto uses plain SGD");
        }
        return learner.optimizer().stateNames().isEmpty()
                ? Optional.of("training.momentum = 0")
                : Optional.empty();
    }
}
