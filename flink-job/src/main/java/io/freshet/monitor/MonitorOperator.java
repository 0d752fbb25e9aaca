package io.freshet.monitor;

import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.LiveStateOperator;
import io.freshet.learn.StateMismatchException;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Turns evaluations into rolling metrics: one {@link ModelMonitor} a model, alive between elements.
 *
 * <p>Metrics are told after {@code metrics.every} examples, when a change has waited for {@code
 * metrics.max-interval}, and before every checkpoint, so that state never holds a change that was
 * not told. In state, per model: its {@link MonitorState}. After a failure {@code sequence} goes on
 * from the last checkpoint, and with exactly-once sinks readers see no gap and no repeat. To an
 * at-least-once sink records are told again then, with a higher attempt: the task's start, and
 * later than any that a checkpoint knows of.
 */
public final class MonitorOperator
        extends LiveStateOperator<ModelMonitor, BlockEvaluation, RollingMetrics> {
    private static final long serialVersionUID = 1;
    private static final String MEMORY = "monitor";

    private final MonitorConfig monitorConfig;

    private transient ValueState<MonitorState> memory;
    private transient StreamRecord<RollingMetrics> metricsRecord;
    private transient ModelGauges gauges;
    private transient long startedAt;
    private transient boolean timerSet;

    @SuppressWarnings("NullAway.Init") // transient fields are set in openState() and open()
    public MonitorOperator(MonitorConfig monitorConfig) {
        super(monitorConfig.maxModels(), MonitorMemory.cost(monitorConfig));
        this.monitorConfig = monitorConfig;
    }

    @Override
    protected void openState(KeyedStateStore store) {
        memory =
                store.getState(
                        new ValueStateDescriptor<>(MEMORY, TypeInformation.of(MonitorState.class)));
    }

    @Override
    public void open() throws Exception {
        super.open();
        requireMemory();
        startedAt = now();
        gauges = new ModelGauges(getMetricGroup(), monitorConfig);
        metricsRecord = new StreamRecord<>(null);
    }

    /** Starting again would find the same heap, so a refusal ends the job. */
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
        return MEMORY;
    }

    @Override
    protected void process(ModelMonitor monitor, BlockEvaluation evaluation) {
        monitor.add(evaluation);
        if (monitor.isDue()) {
            tell(monitor);
        } else if (!timerSet) {
            setTimer();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what a timer throws fails the task
    private void setTimer() {
        timerSet = true;
        getProcessingTimeService()
                .registerTimer(now() + monitorConfig.maxInterval().toMillis(), fired -> tellAll());
    }

    private void tellAll() {
        timerSet = false;
        for (ModelMonitor monitor : liveObjects()) {
            if (monitor.hasNews()) {
                tell(monitor);
            }
        }
    }

    private void tell(ModelMonitor monitor) {
        RollingMetrics metrics = monitor.tell(now());
        gauges.show(metrics);
        output.collect(metricsRecord.replace(metrics));
    }

    @Override
    protected void finish(ModelMonitor monitor) {
        if (monitor.hasNews()) {
            tell(monitor);
        }
    }

    @Override
    protected void save(ModelMonitor monitor) throws Exception {
        if (monitor.hasNews()) {
            tell(monitor);
        }
        if (monitor.changed()) {
            memory.update(monitor.memory());
            monitor.saved();
        }
    }

    @Override
    protected ModelMonitor load(String modelId) throws Exception {
        MonitorState remembered = memory.value();
        if (remembered == null) {
            return new ModelMonitor(modelId, monitorConfig, startedAt);
        }
        try {
            return ModelMonitor.restore(modelId, monitorConfig, startedAt, remembered);
        } catch (StateMismatchException e) {
            // Starting again would find the same state and the same configuration.
            throw new SuppressRestartsException(e);
        }
    }
}
