package io.freshet.local.dashboard;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Metric that is kept as a time series for the charts.
 *
 * @param name name in JSON
 * @param value value of the metric in a record; null if it is undefined
 */
record ChartSeries(String name, Function<MetricsEvent, @Nullable Number> value) {
    /** All series. */
    static final List<ChartSeries> ALL =
            List.of(
                    new ChartSeries("loss", event -> event.getRolling().getLoss()),
                    new ChartSeries("fadingLoss", event -> fading(event, Scores::getLoss)),
                    new ChartSeries("runningLoss", MetricsEvent::getRunningLoss),
                    new ChartSeries("accuracy", event -> event.getRolling().getAccuracy()),
                    new ChartSeries("fadingAccuracy", event -> fading(event, Scores::getAccuracy)),
                    new ChartSeries(
                            "noChangeAccuracy", event -> event.getRolling().getNoChangeAccuracy()),
                    new ChartSeries(
                            "majorityAccuracy", event -> event.getRolling().getMajorityAccuracy()),
                    new ChartSeries("averageConfidence", MetricsEvent::getExpectedAccuracy),
                    new ChartSeries("throughput", MetricsEvent::getThroughput),
                    new ChartSeries("eventTimeLag", MetricsEvent::getEventTimeLag));

    private static @Nullable Number fading(
            MetricsEvent event, Function<Scores, @Nullable Double> score) {
        Scores fading = event.getFading();
        return fading == null ? null : score.apply(fading);
    }

    /** Returns the values of a record, in the order of {@link #ALL}; NaN if undefined. */
    static float[] of(MetricsEvent event) {
        float[] values = new float[ALL.size()];
        for (int i = 0; i < values.length; i++) {
            Number value = ALL.get(i).value().apply(event);
            values[i] = value == null ? Float.NaN : value.floatValue();
        }
        return values;
    }
}
