package io.freshet.sql;

import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;

/** Factory of the model provider {@code freshet} of {@code CREATE MODEL}. */
public final class FreshetModelProviderFactory implements ModelProviderFactory {
    /** Value of the option {@code provider}. */
    static final String IDENTIFIER = "freshet";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(ModelOptions.BOOTSTRAP_SERVERS);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(ModelOptions.TOPIC, ModelOptions.MODEL, ModelOptions.STARTUP_TIMEOUT);
    }

    /**
     * Validates a model's definition.
     *
     * @throws org.apache.flink.table.api.ValidationException if it cannot be used; the message has
     *     every problem
     */
    @Override
    public ModelProvider createModelProvider(Context context) {
        ResolvedCatalogModel model = context.getCatalogModel();
        Problems problems =
                new Problems("The model " + context.getObjectIdentifier().asSerializableString());
        ModelOptions options = ModelOptions.parse(model.getOptions(), problems);
        InputColumns inputs = InputColumns.parse(model.getResolvedInputSchema(), problems);
        List<OutputColumn> outputs = OutputColumn.parse(model.getResolvedOutputSchema(), problems);
        problems.throwIfAny();
        return new FreshetModelProvider(options, inputs, outputs);
    }
}
