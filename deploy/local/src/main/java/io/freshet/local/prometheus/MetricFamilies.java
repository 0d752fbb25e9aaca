package io.freshet.local.prometheus;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Builder of Prometheus' metric families from records that may hold anything. A value that is not
 * defined makes no series; of several values with the same labels, the last one counts.
 */
public final class MetricFamilies {
    private enum Type {
        COUNTER,
        GAUGE
    }

    private record Family(Type type, String help, Map<Labels, Double> values) {}

    private final Map<String, Family> families = new TreeMap<>();

    /**
     * Adds a value of a counter.
     *
     * @param name name without the suffix {@code _total}
     * @param value count; a negative one makes no series
     * @param labels names and values of the labels, alternately
     */
    public void counter(String name, String help, long value, String... labels) {
        if (value >= 0) {
            add(Type.COUNTER, name, help, (double) value, labels);
        }
    }

    /**
     * Adds a value of a gauge.
     *
     * @param value makes no series if it is null or NaN
     * @param labels names and values of the labels, alternately
     */
    public void gauge(String name, String help, @Nullable Number value, String... labels) {
        if (value != null && !Double.isNaN(value.doubleValue())) {
            add(Type.GAUGE, name, help, value.doubleValue(), labels);
        }
    }

    private void add(Type type, String name, String help, double value, String... labels) {
        families.computeIfAbsent(name, any -> new Family(type, help, new LinkedHashMap<>()))
                .values()
                .put(Labels.of(labels), value);
    }

    /** Adds the families that have a series to a set of metrics. */
    public void addTo(MetricSnapshots.Builder metrics) {
        families.forEach((name, family) -> metrics.metricSnapshot(snapshot(name, family)));
    }

    private static MetricSnapshot snapshot(String name, Family family) {
        if (family.type() == Type.COUNTER) {
            CounterSnapshot.Builder counter =
                    CounterSnapshot.builder().name(name).help(family.help());
            family.values()
                    .forEach(
                            (labels, value) ->
                                    counter.dataPoint(
                                            CounterDataPointSnapshot.builder()
                                                    .labels(labels)
                                                    .value(value)
                                                    .build()));
            return counter.build();
        }
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(family.help());
        family.values()
                .forEach(
                        (labels, value) ->
                                gauge.dataPoint(
                                        GaugeDataPointSnapshot.builder()
                                                .labels(labels)
                                                .value(value)
                                                .build()));
        return gauge.build();
    }
}
