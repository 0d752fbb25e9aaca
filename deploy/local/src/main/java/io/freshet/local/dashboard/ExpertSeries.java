package io.freshet.local.dashboard;

import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Metric of each expert of a model that is kept as a time series for the charts.
 *
 * @param name name in JSON
 * @param value value of the metric for an expert; null if it is undefined
 */
record ExpertSeries(String name, Function<Expert, @Nullable Double> value) {
    /** All series. */
    static final List<ExpertSeries> ALL =
            List.of(
                    new ExpertSeries("weights", Expert::getWeight),
                    new ExpertSeries("stackWeights", Expert::getStackWeight),
                    new ExpertSeries("expertLosses", Expert::getLoss));

    /**
     * Returns the values of a record, (series, experts) in the order of {@link #ALL}; NaN if
     * undefined.
     */
    static float[] of(MetricsEvent event) {
        List<Expert> experts = event.getExperts();
        float[] values = new float[ALL.size() * experts.size()];
        for (int i = 0; i < values.length; i++) {
            Expert expert = experts.get(i % experts.size());
            Double value = ALL.get(i / experts.size()).value().apply(expert);
            values[i] = value == null ? Float.NaN : value.floatValue();
        }
        return values;
    }
}
