package io.freshet.local.cluster;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.apache.kafka.common.TopicPartition;

/**
 * Metric reporter that holds the current offset of each partition of a job's Kafka source, from the
 * gauges that the source registers with Flink. Unlike the consumer group's committed offsets, which
 * an idle source commits up to ten seconds late, these are up to date.
 */
final class SourceOffsets implements MetricReporter {
    private static final String REPORTER = "metrics.reporter.freshet-source-offsets.";
    private static final String ID = "id";
    private static final String CURRENT_OFFSET = "currentOffset";
    private static final Map<String, SourceOffsets> REPORTERS = new ConcurrentHashMap<>();

    private final Map<TopicPartition, Gauge<?>> gauges = new ConcurrentHashMap<>();

    /** Factory that Flink finds through the service file. */
    public static final class Factory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            SourceOffsets reporter =
                    REPORTERS.get(properties.getProperty(ID, "")); // set by register()
            if (reporter == null) {
                throw new IllegalStateException("no such reporter: " + properties);
            }
            return reporter;
        }
    }

    /** Adds a reporter to the configuration of a cluster, and returns it. */
    static SourceOffsets register(Configuration flink) {
        String id = UUID.randomUUID().toString();
        SourceOffsets offsets = new SourceOffsets();
        REPORTERS.put(id, offsets);
        flink.setString(REPORTER + "factory.class", Factory.class.getName());
        flink.setString(REPORTER + ID, id);
        return offsets;
    }

    /** Returns the offset of the last record read from a partition; empty if none was read. */
    OptionalLong lastOffset(TopicPartition partition) {
        Gauge<?> gauge = gauges.get(partition);
        return gauge != null && gauge.getValue() instanceof Number offset && offset.longValue() >= 0
                ? OptionalLong.of(offset.longValue())
                : OptionalLong.empty();
    }

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {
        REPORTERS.values().remove(this);
    }

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        String topic = group.getAllVariables().get("<topic>");
        String partition = group.getAllVariables().get("<partition>");
        if (name.equals(CURRENT_OFFSET)
                && topic != null
                && partition != null
                && metric instanceof Gauge<?> gauge) {
            gauges.put(new TopicPartition(topic, Integer.parseInt(partition)), gauge);
        }
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        if (metric instanceof Gauge<?> gauge) {
            gauges.values().remove(gauge);
        }
    }
}
