package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.model.LearnerSettings;
import io.freshet.model.optim.Adam;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The optimisers that can be configured. A constant is the only place to add one: it declares the
 * optimiser's keys, each with the property that it sets, and its factory.
 */
@SuppressWarnings("ImmutableEnumChecker") // keys are complete once their constant is created
public enum OptimizerOption {
    /** {@link Sgd}. */
    SGD(
            Sgd.class,
            "stochastic gradient descent, with or without momentum",
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
                var weightDecay = keys.add(SharedKeys.WEIGHT_DECAY, Sgd::weightDecay);
                return (settings, schedule) -> {
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
                    return problems.isEmpty()
                            ? new Sgd(
                                    schedule,
                                    settings.get(momentum),
                                    settings.get(dampening),
                                    settings.get(nesterov),
                                    settings.get(weightDecay))
                            : plain(schedule.initial());
                };
            }),

    /** {@link Adam}. */
    ADAM(
            Adam.class,
            "a step size for each parameter, from the moments of its gradient",
            keys -> {
                var beta1 =
                        keys.add(
                                Key.ofDouble(
                                        "training.adam.beta1",
                                        0.9,
                                        0,
                                        Math.nextDown(1.0),
                                        "Decay of Adam's first moment, as in PyTorch."),
                                Adam::beta1);
                var beta2 =
                        keys.add(
                                Key.ofDouble(
                                        "training.adam.beta2",
                                        0.999,
                                        0,
                                        Math.nextDown(1.0),
                                        "Decay of Adam's second moment, as in PyTorch."),
                                Adam::beta2);
                var epsilon =
                        keys.add(
                                Key.ofDouble(
                                        "training.adam.epsilon",
                                        1e-8,
                                        Adam.MIN_EPSILON,
                                        Float.MAX_VALUE,
                                        "Constant that Adam adds to the square root of the"
                                                + " second moment, as in PyTorch."),
                                Adam::epsilon);
                var weightDecay = keys.add(SharedKeys.WEIGHT_DECAY, Adam::weightDecay);
                return (settings, schedule) ->
                        new Adam(
                                schedule,
                                settings.get(beta1),
                                settings.get(beta2),
                                settings.get(epsilon),
                                settings.get(weightDecay));
            });

    /**
     * Keys that several optimisers share. In a class of their own, because an enum's static fields
     * are initialised only after its constants.
     */
    private static final class SharedKeys {
        static final Key<Double> WEIGHT_DECAY =
                Key.ofDouble(
                        "training.weight-decay",
                        0,
                        0,
                        Float.MAX_VALUE,
                        "Weight decay w, as in PyTorch: w times the parameters, the bias included,"
                                + " is added to the gradient.");
    }

    /** The key that selects the optimiser. */
    static final Key<OptimizerOption> OPTIMIZER =
            Key.ofEnum(
                    "training.optimizer",
                    SGD,
                    "Optimiser for a fixed learning rate of learner.type = softmax: "
                            + Arrays.stream(values())
                                    .map(option -> Key.kebab(option) + " (" + option.meaning + ")")
                                    .collect(Collectors.joining(", "))
                            + ". Optimisers other than sgd train one mini-batch at a time, and so"
                            + " more slowly.");

    /** The keys that belong to individual optimisers, without duplicates. */
    private static final List<Key<?>> OWN_KEYS = OptionKeys.keysOf(values(), option -> option.keys);

    /** The keys of the optimisers, and of the schedule that they share. */
    static final List<Key<?>> KEYS =
            Stream.of(List.<Key<?>>of(OPTIMIZER), OWN_KEYS, ScheduleConfig.KEYS)
                    .<Key<?>>flatMap(List::stream)
                    .toList();

    private final String meaning;
    private final OptionKeys<?> keys;
    private final BiFunction<Settings, LearningRateSchedule, Optimizer> factory;

    /**
     * @param meaning the optimiser in words, to follow its name in brackets
     * @param definition declares the keys and returns the factory that reads them, given the
     *     schedule of the learning rate
     */
    <T extends Optimizer> OptimizerOption(
            Class<T> type,
            String meaning,
            Function<OptionKeys<T>, BiFunction<Settings, LearningRateSchedule, Optimizer>>
                    definition) {
        OptionKeys<T> declared = new OptionKeys<>(type);
        this.meaning = meaning;
        this.factory = definition.apply(declared);
        this.keys = declared;
    }

    /**
     * Reads the optimiser for a learning rate. Problems are recorded in the settings; the returned
     * optimiser must not be used then.
     */
    static Optimizer read(Settings settings, double learningRate) {
        OptimizerOption option = settings.get(OPTIMIZER);
        settings.refuseIneffective(OPTIMIZER, option.keys(), OWN_KEYS);
        return option.factory.apply(settings, ScheduleConfig.read(settings, learningRate));
    }

    /** Returns plain SGD with a constant learning rate, the optimiser of a mixture's experts. */
    static Optimizer plain(double learningRate) {
        return new Sgd(learningRate, 0);
    }

    /** Returns the keys that must have their default values under a mixture of learning rates. */
    static List<Key<?>> keysRefusedUnderMixture(Settings settings) {
        List<Key<?>> refused = new ArrayList<>();
        refused.add(OPTIMIZER);
        refused.addAll(settings.get(OPTIMIZER).keys());
        refused.add(ScheduleConfig.SCHEDULE);
        return refused;
    }

    /** Returns the keys of this optimiser. */
    List<Key<?>> keys() {
        return keys.keys();
    }

    /** Returns an optimiser's hyper-parameters, without the learning rate, by key. */
    static Map<String, String> hyperParameters(Optimizer optimizer) {
        OptimizerOption option =
                OptionKeys.optionOf(values(), candidate -> candidate.keys, optimizer);
        Map<String, String> values = option.keys.values(optimizer);
        values.put(OPTIMIZER.name(), Key.kebab(option));
        values.putAll(ScheduleConfig.hyperParameters(optimizer.learningRate()));
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
