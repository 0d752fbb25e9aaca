package io.freshet.sql;

import java.util.List;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.ml.PredictRuntimeProvider;

/**
 * Provider of the function behind {@code ML_PREDICT}.
 *
 * @param options options of the model
 * @param inputs columns of the features
 * @param outputs columns of the predictions, in their order
 */
record FreshetModelProvider(ModelOptions options, InputColumns inputs, List<OutputColumn> outputs)
        implements PredictRuntimeProvider {
    FreshetModelProvider {
        outputs = List.copyOf(outputs);
    }

    @Override
    public PredictFunction createPredictFunction(Context context) {
        return new FreshetPredictFunction(options, inputs, outputs, null);
    }

    @Override
    public ModelProvider copy() {
        return this; // immutable
    }
}
