package io.freshet.monitor;

import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LiveStateOperator;
import io.freshet.learn.StateMismatchException;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Operator that computes rolling metrics from evaluations, with a {@link ModelMonitor} per model.
 *
 * <p>Metrics are emitted after {@code metrics.every} examples, when a change has waited for {@code
 * metrics.max-interval}, and before every checkpoint, so that state never contains a change that
 * has not been emitted. The state of each model is its {@link MonitorState}. After a failure {@code
 * sequence} continues from the last checkpoint, so that readers of an exactly-once sink see no gap
 * and no repeat. An at-least-once sink then receives some records again, with a higher attempt: the
 * start time of the task, or a later value if a checkpoint contains that attempt already.
 */
public final class MonitorOperator
        extends LiveStateOperator<ModelMonitor, BlockEvaluation, RollingMetrics> {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(MonitorOperator.class);
    private static final String STATE_NAME = "monitor";

    private final MonitorConfig monitorConfig;

    private transient ValueState<MonitorState> state;
    private transient StreamRecord<RollingMetrics> metricsRecord;
    private transient ModelGauges gauges;
    private transient long startedAt;
    private transient boolean timerSet;

    /** Keys whose change has been logged. */
    private transient Set<String> reportedChanges;

    @SuppressWarnings("NullAway.Init") // transient fields are set in openState() and open()
    public MonitorOperator(MonitorConfig monitorConfig) {
        super(monitorConfig.maxModels(), MonitorMemory.cost(monitorConfig));
        this.monitorConfig = monitorConfig;
    }

    @Override
    protected void openState(KeyedStateStore store) {
        state =
                store.getState(
                        new ValueStateDescriptor<>(
                                STATE_NAME, TypeInformation.of(MonitorState.class)));
    }

    @Override
    public void open() throws Exception {
        super.open();
        requireMemory();
        startedAt = now();
        reportedChanges = new HashSet<>();
        gauges = new ModelGauges(getMetricGroup(), monitorConfig);
        metricsRecord = new StreamRecord<>(null);
    }

    /** Fails the job permanently if the window is too large, as a restart would not change that. */
    private void requireMemory() {
        try {
            MonitorMemory.requireWindowFits(monitorConfig, Runtime.getRuntime().maxMemory());
        } catch (IllegalStateException e) {
            throw new SuppressRestartsException(e);
        }
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }

    @Override
    protected String commonStateName() {
        return STATE_NAME;
    }

    @Override
    protected void process(ModelMonitor monitor, BlockEvaluation evaluation) {
        monitor.add(evaluation);
        if (monitor.isDue()) {
            emit(monitor);
        } else if (!timerSet) {
            setTimer();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // an exception in a timer fails the task
    private void setTimer() {
        timerSet = true;
        getProcessingTimeService()
                .registerTimer(now() + monitorConfig.maxInterval().toMillis(), time -> emitAll());
    }

    private void emitAll() {
        timerSet = false;
        for (ModelMonitor monitor : liveObjects()) {
            if (monitor.hasUnemittedChanges()) {
                emit(monitor);
            }
        }
    }

    private void emit(ModelMonitor monitor) {
        RollingMetrics metrics = monitor.emit(now());
        gauges.update(metrics);
        output.collect(metricsRecord.replace(metrics));
    }

    @Override
    protected void finish(ModelMonitor monitor) {
        if (monitor.hasUnemittedChanges()) {
            emit(monitor);
        }
    }

    @Override
    protected void save(ModelMonitor monitor) throws Exception {
        if (monitor.hasUnemittedChanges()) {
            emit(monitor);
        }
        if (monitor.hasUnsavedChanges()) {
            state.update(monitor.state());
            monitor.markSaved();
        }
    }

    @Override
    protected ModelMonitor load(String modelId) throws Exception {
        MonitorState stored = state.value();
        if (stored == null) {
            return new ModelMonitor(modelId, monitorConfig, startedAt);
        }
        try {
            MonitorState saved = stored.extended(monitorConfig.numClasses());
            reportChanges(saved);
            return ModelMonitor.restore(modelId, monitorConfig, startedAt, saved);
        } catch (StateMismatchException e) {
            // A restart would find the same state and the same configuration.
            throw new SuppressRestartsException(e);
        }
    }

    /** Logs once what becomes of figures that were saved with other settings. */
    private void reportChanges(MonitorState saved) {
        for (String change : ModelMonitor.changes(monitorConfig, saved)) {
            if (reportedChanges.add(change.substring(0, change.indexOf(' ')))) {
                LOG.info("{}", change);
            }
        }
    }
}
