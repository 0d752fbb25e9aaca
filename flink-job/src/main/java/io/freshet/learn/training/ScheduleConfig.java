package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.model.optim.LearningRateSchedule;
import java.util.List;
import java.util.Map;

/** Configuration of the learning rate's decay, shared by the optimisers. */
final class ScheduleConfig {
    private static final OptionKeys<LearningRateSchedule> SCHEDULE_KEYS =
            new OptionKeys<>(LearningRateSchedule.class);

    static final Key<LearningRateSchedule.Kind> SCHEDULE =
            SCHEDULE_KEYS.add(
                    Key.ofEnum(
                            "training.schedule",
                            LearningRateSchedule.Kind.CONSTANT,
                            "Schedule of the learning rate, given the number t of steps taken."
                                + " Step: the learning rate is multiplied by"
                                + " training.schedule.decay every training.schedule.every steps."
                                + " Exponential: it is multiplied by training.schedule.decay at"
                                + " each step. Inverse time: it is the initial learning rate"
                                + " divided by (1 + training.schedule.decay t)."),
                    LearningRateSchedule::kind);
    private static final Key<Double> DECAY =
            SCHEDULE_KEYS.add(
                    Key.ofDouble(
                            "training.schedule.decay",
                            1,
                            0,
                            Float.MAX_VALUE,
                            "Decay factor of the schedule; at most 1 for step and exponential."),
                    LearningRateSchedule::decay);
    private static final Key<Integer> EVERY =
            SCHEDULE_KEYS.add(
                    Key.ofInt(
                            "training.schedule.every",
                            1000,
                            1,
                            Integer.MAX_VALUE,
                            "steps",
                            "Number of steps between two decays of the step schedule."),
                    LearningRateSchedule::every);

    static final List<Key<?>> KEYS = SCHEDULE_KEYS.keys();

    private ScheduleConfig() {}

    /** Reads the keys. A problem is recorded in the settings, and the rate is then constant. */
    static LearningRateSchedule read(Settings settings, double learningRate) {
        LearningRateSchedule.Kind kind = settings.get(SCHEDULE);
        double decay = settings.get(DECAY);
        if (decay > 1
                && (kind == LearningRateSchedule.Kind.STEP
                        || kind == LearningRateSchedule.Kind.EXPONENTIAL)) {
            settings.problem(
                    settings.assignment(DECAY)
                            + " with "
                            + settings.assignment(SCHEDULE)
                            + ": must be at most 1, as the learning rate would rise");
            return LearningRateSchedule.constant(learningRate);
        }
        return new LearningRateSchedule(kind, learningRate, decay, settings.get(EVERY));
    }

    /** Returns the schedule's hyper-parameters, without the learning rate, by key. */
    static Map<String, String> hyperParameters(LearningRateSchedule schedule) {
        return SCHEDULE_KEYS.values(schedule);
    }
}
