package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistrySecretsTest {
    @TempDir private Path directory;

    private static RegistrySecrets secrets(Map<String, String> client) {
        return SerializationUtils.roundtrip(
                new RegistrySecrets(
                        new KafkaConfig(
                                client,
                                TopicSelection.of("events"),
                                null,
                                "group",
                                KafkaConfig.Start.EARLIEST,
                                "prefix",
                                Duration.ofMinutes(1))));
    }

    private RegistrySecrets withDirectory() throws IOException {
        Files.writeString(directory.resolve("registry"), "canary-1");
        return secrets(
                Map.of(
                        "sasl.jaas.config",
                        "${nothing:here:login}",
                        "config.providers",
                        "dir",
                        "config.providers.dir.class",
                        "org.apache.kafka.common.config.provider.DirectoryConfigProvider"));
    }

    @Test
    void reference_isReadWhenItIsUsed_andOtherTextStays() throws IOException {
        RegistrySecrets secrets = withDirectory();
        String reference = "${dir:" + directory + ":registry}";

        assertThat(secrets.apply(reference)).isEqualTo("canary-1");
        Files.writeString(directory.resolve("registry"), "canary-2");
        assertThat(secrets.apply(reference)).isEqualTo("canary-2");
        assertThat(secrets.apply("freshet")).isEqualTo("freshet");
        assertThat(secrets.toString()).doesNotContain("canary", "nothing");
    }

    @Test
    void referenceThatCannotBeRead_isNamed() throws IOException {
        RegistrySecrets secrets = withDirectory();

        assertThatThrownBy(() -> secrets.apply("${dir:" + directory + ":another}"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("schema.registry.basic-auth refers to ${dir:")
                .hasMessageContaining("another");
        assertThatThrownBy(() -> secrets(Map.of()).apply("${dir:/run:registry}"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "schema.registry.basic-auth refers to ${dir:/run:registry}, but"
                                + " kafka.config.providers names no providers");
    }
}
