package io.freshet.sql;

import io.freshet.classifier.Classifier;
import java.util.Collection;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.functions.SpecializedFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Function behind {@code ML_PREDICT}: a prediction for each row, with the newest version of the
 * model that the topic has at this moment.
 *
 * <p>It has no state. When it starts, also after a failure, it waits for the newest version.
 */
public final class FreshetPredictFunction extends PredictFunction implements SpecializedFunction {
    private static final Logger LOG = LoggerFactory.getLogger(FreshetPredictFunction.class);
    private static final long serialVersionUID = 1;

    private final ModelOptions options;
    private final InputColumns inputs;
    private final List<OutputColumn> outputs;

    /** Null before the function is specialised for a query. */
    private final @Nullable FeatureReader reader;

    private transient @Nullable Running running;

    /** State of an open function. */
    private record Running(
            SharedFollower follower, LiveModel model, FeatureReader reader, Counter invalidRows) {}

    FreshetPredictFunction(
            ModelOptions options,
            InputColumns inputs,
            List<OutputColumn> outputs,
            @Nullable FeatureReader reader) {
        this.options = options;
        this.inputs = inputs;
        this.outputs = List.copyOf(outputs);
        this.reader = reader;
    }

    /**
     * Returns the function for the types of a query's columns.
     *
     * @throws org.apache.flink.table.api.ValidationException if they cannot be used; the message
     *     has every problem
     */
    @Override
    public FreshetPredictFunction specialize(SpecializedContext context) {
        List<LogicalType> types =
                context.getCallContext().getArgumentDataTypes().stream()
                        .map(DataType::getLogicalType)
                        .toList();
        Problems problems = new Problems("The columns of ML_PREDICT");
        inputs.check(types, problems);
        problems.throwIfAny();
        return new FreshetPredictFunction(options, inputs, outputs, new FeatureReader(types));
    }

    @Override
    public boolean isDeterministic() {
        return false; // a later version of the model predicts differently
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        if (reader == null) {
            throw new IllegalStateException("the function has not been specialised for a query");
        }
        SharedFollower follower = SharedFollower.open(options);
        try {
            Classifier first = follower.await(options.modelId(), options.startupTimeout());
            LiveModel model = new LiveModel(inputs, first);
            MetricGroup group = context.getMetricGroup();
            group.gauge("modelVersion", () -> model.current().info().version());
            group.gauge("modelExamplesSeen", () -> model.current().info().examplesSeen());
            group.gauge("refusedVersions", model::refusedVersions);
            group.gauge("unusableSnapshots", follower::unusableSnapshots);
            group.gauge("isConnected", () -> follower.isConnected() ? 1 : 0);
            running = new Running(follower, model, reader, group.counter("invalidRows"));
            LOG.info("{} predicts", first);
        } catch (Throwable e) {
            follower.close();
            throw e;
        }
    }

    @Override
    public Collection<RowData> predict(RowData row) {
        Running now = running;
        if (now == null) {
            throw new IllegalStateException("the function is not open");
        }
        Classifier model =
                now.follower()
                        .newest(options.modelId())
                        .map(now.model()::refresh)
                        .orElseGet(now.model()::current);
        Prediction prediction = predict(model, now, row);
        GenericRowData result = new GenericRowData(outputs.size());
        for (int i = 0; i < outputs.size(); i++) {
            result.setField(i, prediction.value(outputs.get(i)));
        }
        return List.of(result);
    }

    private static Prediction predict(Classifier model, Running now, RowData row) {
        try {
            return new Prediction(model, model.classify(now.reader().read(row)), null);
        } catch (IllegalArgumentException e) {
            if (now.invalidRows().getCount() == 0) {
                LOG.warn("A row cannot be classified by {}: {}", model, e.getMessage());
            }
            now.invalidRows().inc();
            return new Prediction(model, null, e.getMessage());
        }
    }

    @Override
    public void close() {
        if (running != null) {
            running.follower().close();
            running = null;
        }
    }
}
