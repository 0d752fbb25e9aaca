package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogModel;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;
import org.junit.jupiter.api.Test;

/** Test that definitions of models are found by Flink and checked as a whole. */
class FreshetModelProviderFactoryTest {
    private static final Map<String, String> OPTIONS =
            Map.of("provider", "freshet", "bootstrap.servers", "localhost:9092");

    private static final ResolvedSchema FEATURE =
            ResolvedSchema.of(Column.physical("f1", DataTypes.FLOAT()));

    private static final ResolvedSchema LABEL =
            ResolvedSchema.of(Column.physical("label", DataTypes.STRING()));

    private static ModelProvider provider(
            ResolvedSchema inputs, ResolvedSchema outputs, Map<String, String> options) {
        Schema unresolved = Schema.newBuilder().build();
        ResolvedCatalogModel model =
                ResolvedCatalogModel.of(
                        CatalogModel.of(unresolved, unresolved, options, ""), inputs, outputs);
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return new FreshetModelProviderFactory()
                .createModelProvider(
                        new FactoryUtil.DefaultModelProviderContext(
                                ObjectIdentifier.of("c", "d", "m"),
                                model,
                                new Configuration(),
                                loader,
                                false));
    }

    @Test
    void flink_findsTheFactory() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();

        assertThat(FactoryUtil.discoverFactory(loader, ModelProviderFactory.class, "freshet"))
                .isInstanceOf(FreshetModelProviderFactory.class);
    }

    @Test
    void definition_withoutOptions_hasDefaults() {
        FreshetModelProvider provider = (FreshetModelProvider) provider(FEATURE, LABEL, OPTIONS);

        assertThat(provider.options().topic()).isEqualTo("models");
        assertThat(provider.options().modelId()).isEqualTo("default");
        assertThat(provider.options().startupTimeout()).hasMinutes(1);
        assertThat(provider.inputs()).isEqualTo(new InputColumns(List.of("f1"), false));
        assertThat(provider.outputs()).containsExactly(OutputColumn.LABEL);
    }

    @Test
    void everyOption_isDeclared() {
        FreshetModelProviderFactory factory = new FreshetModelProviderFactory();

        assertThat(factory.requiredOptions()).containsExactly(ModelOptions.BOOTSTRAP_SERVERS);
        assertThat(factory.optionalOptions())
                .containsExactlyInAnyOrder(
                        ModelOptions.TOPIC, ModelOptions.MODEL, ModelOptions.STARTUP_TIMEOUT);
    }

    @Test
    void definition_withSeveralProblems_namesAllOfThem() {
        ResolvedSchema inputs =
                ResolvedSchema.of(
                        Column.physical("f1", DataTypes.FLOAT()),
                        Column.physical("name", DataTypes.STRING()));
        ResolvedSchema outputs =
                ResolvedSchema.of(
                        Column.physical("label", DataTypes.INT()),
                        Column.physical("colour", DataTypes.STRING()),
                        Column.physical("entropy", DataTypes.FLOAT().notNull()));

        assertThatThrownBy(
                        () ->
                                provider(
                                        inputs,
                                        outputs,
                                        Map.of(
                                                "provider", "freshet",
                                                "topik", "models",
                                                "startup.timeout", "soon",
                                                "properties.group.id", "g")))
                .isInstanceOf(ValidationException.class)
                .hasMessageStartingWith("The model `c`.`d`.`m` cannot be used:")
                .hasMessageContaining("the option 'bootstrap.servers' is missing")
                .hasMessageContaining(
                        "the option 'topik' is unknown; options are bootstrap.servers, model,"
                                + " provider, startup.timeout, topic and properties.*")
                .hasMessageContaining(
                        "'startup.timeout' is 'soon'; a duration above 0, such as '30 s', is"
                                + " expected")
                .hasMessageContaining("'properties.group.id' cannot be set")
                .hasMessageContaining("INPUT column `name` is STRING; expected are numbers")
                .hasMessageContaining("OUTPUT column `label` is INT; STRING is expected")
                .hasMessageContaining("OUTPUT column `colour` is unknown; columns are label STRING")
                .hasMessageContaining("OUTPUT column `entropy` is NOT NULL");
    }
}
