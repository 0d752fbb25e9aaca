package io.freshet.pipeline;

import io.freshet.ingest.IngestConfig;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of a server of a job's models.
 *
 * @param models name of the topic of snapshots
 * @param events mapping of JSON events to features; null if {@code features} is not set
 */
public record ServingConfig(KafkaConfig kafka, String models, @Nullable IngestConfig events) {
    /**
     * Returns a text in which references to secrets are replaced, by the providers that {@code
     * kafka.config.providers} names.
     *
     * @param name name of the setting or option, for the message
     * @throws PreflightException naming the reference that cannot be read
     */
    public String resolve(String name, String text) throws PreflightException {
        return SecretReferences.resolve(kafka, name, text);
    }
}
