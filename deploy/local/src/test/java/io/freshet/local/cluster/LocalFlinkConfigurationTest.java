package io.freshet.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.config.ConfigurationException;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

class LocalFlinkConfigurationTest {
    private static final String NO_PASSWORD =
            ": must be left out; Flink's REST endpoint has no authentication here";

    @Test
    void defaults_areRestricted_andBoundToLoopback() {
        Configuration flink = LocalFlinkConfiguration.of(Map.of(), 8081);

        assertThat(flink.toMap())
                .containsOnly(
                        Map.entry("rest.bind-port", "8081"),
                        Map.entry("rest.address", "localhost"),
                        Map.entry("rest.bind-address", "localhost"),
                        Map.entry("jobmanager.bind-host", "localhost"),
                        Map.entry("taskmanager.bind-host", "localhost"),
                        Map.entry("rest.profiling.enabled", "false"),
                        Map.entry("web.submit.enable", "false"),
                        Map.entry("web.cancel.enable", "false"),
                        Map.entry("web.rescale.enable", "false"),
                        Map.entry("web.access-control-allow-origin", ""),
                        Map.entry("rest.async.store-duration", "10 s"),
                        Map.entry("security.delegation.tokens.enabled", "false"),
                        Map.entry("restart-strategy.type", "exponential-delay"),
                        Map.entry("restart-strategy.exponential-delay.max-backoff", "10 s"),
                        Map.entry("taskmanager.memory.managed.size", "128 mb"),
                        Map.entry("execution.checkpointing.num-retained", "3"));
    }

    @Test
    void givenSettings_areKept() {
        Map<String, String> given =
                Map.of(
                        "restart-strategy.type", "fixed-delay",
                        "restart-strategy.exponential-delay.max-backoff", "3 s",
                        "taskmanager.memory.managed.size", "64 mb",
                        "jobmanager.bind-host", "0.0.0.0");

        assertThat(LocalFlinkConfiguration.of(given, 8081).toMap()).containsAllEntriesOf(given);
    }

    @Test
    void settingsThatOpenTheEndpoint_areRefused_allAtOnce() {
        assertThatThrownBy(
                        () ->
                                LocalFlinkConfiguration.of(
                                        Map.of(
                                                "rest.bind-address", "0.0.0.0",
                                                "rest.profiling.enabled", "true",
                                                "web.submit.enable", "true",
                                                "web.cancel.enable", "true",
                                                "web.rescale.enable", "true",
                                                "web.access-control-allow-origin", "*"),
                                        LocalCluster.ANY_PORT))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        String.join(
                                System.lineSeparator(),
                                "flink.rest.bind-address = 0.0.0.0" + NO_PASSWORD,
                                "flink.rest.profiling.enabled = true" + NO_PASSWORD,
                                "flink.web.submit.enable = true" + NO_PASSWORD,
                                "flink.web.cancel.enable = true" + NO_PASSWORD,
                                "flink.web.rescale.enable = true" + NO_PASSWORD,
                                "flink.web.access-control-allow-origin = *" + NO_PASSWORD));
    }

    @Test
    void deprecatedNameOfASetting_isRefusedToo() {
        assertThatThrownBy(
                        () ->
                                LocalFlinkConfiguration.of(
                                        Map.of("jobmanager.web.submit.enable", "true"),
                                        LocalCluster.ANY_PORT))
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void settingThatRestricts_isAccepted() {
        assertThat(
                        LocalFlinkConfiguration.of(
                                        Map.of("web.submit.enable", "false", "a.key", "value"),
                                        LocalCluster.ANY_PORT)
                                .toMap())
                .containsEntry("a.key", "value")
                .containsEntry("web.submit.enable", "false");
    }

    @Test
    void givenAddress_isKept() {
        assertThat(
                        LocalFlinkConfiguration.of(
                                        Map.of(
                                                "jobmanager.bind-host", "0.0.0.0",
                                                "taskmanager.bind-host", "10.0.0.1"),
                                        LocalCluster.ANY_PORT)
                                .toMap())
                .containsEntry("jobmanager.bind-host", "0.0.0.0")
                .containsEntry("taskmanager.bind-host", "10.0.0.1");
    }
}
