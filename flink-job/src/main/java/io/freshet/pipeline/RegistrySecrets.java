package io.freshet.pipeline;

import io.freshet.registry.RegistryConfig;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.function.SerializableFunction;

/**
 * Function that replaces references in the login of a schema registry by the secrets that they refer
 * to, with the providers of {@code kafka.config.providers}, in the process that uses them.
 */
final class RegistrySecrets implements SerializableFunction<String, String> {
    private static final long serialVersionUID = 1;

    private final KafkaConfig kafka;

    RegistrySecrets(KafkaConfig kafka) {
        this.kafka = kafka;
    }

    @Override
    public String apply(String text) {
        try {
            return SecretReferences.resolve(kafka, RegistryConfig.PASSWORD.name(), text);
        } catch (PreflightException e) {
            throw new FlinkRuntimeException(String.valueOf(e.getMessage()), e);
        }
    }
}
