package io.freshet.local.dashboard;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A figure that is kept over time.
 *
 * @param name its name in JSON
 * @param value what a record says of it; null where it is not defined
 */
record Figure(String name, Function<MetricsEvent, @Nullable Number> value) {
    /** All of them. */
    static final List<Figure> ALL =
            List.of(
                    new Figure("loss", event -> event.getRolling().getLoss()),
                    new Figure("fadingLoss", event -> fading(event, Scores::getLoss)),
                    new Figure("runningLoss", MetricsEvent::getRunningLoss),
                    new Figure("accuracy", event -> event.getRolling().getAccuracy()),
                    new Figure("fadingAccuracy", event -> fading(event, Scores::getAccuracy)),
                    new Figure(
                            "noChangeAccuracy", event -> event.getRolling().getNoChangeAccuracy()),
                    new Figure(
                            "majorityAccuracy", event -> event.getRolling().getMajorityAccuracy()),
                    new Figure("expectedAccuracy", MetricsEvent::getExpectedAccuracy),
                    new Figure("throughput", MetricsEvent::getThroughput),
                    new Figure("eventTimeLag", MetricsEvent::getEventTimeLag));

    private static @Nullable Number fading(
            MetricsEvent event, Function<Scores, @Nullable Double> score) {
        Scores fading = event.getFading();
        return fading == null ? null : score.apply(fading);
    }

    /** All figures of a record, in the order of {@link #ALL}; NaN where not defined. */
    static float[] of(MetricsEvent event) {
        float[] figures = new float[ALL.size()];
        for (int i = 0; i < figures.length; i++) {
            Number value = ALL.get(i).value().apply(event);
            figures[i] = value == null ? Float.NaN : value.floatValue();
        }
        return figures;
    }
}
