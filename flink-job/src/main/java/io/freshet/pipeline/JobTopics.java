package io.freshet.pipeline;

import io.freshet.ingest.SourceConfig;
import io.freshet.publish.PublishConfig;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.SchemaRegistry;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The brokers and topics of a job, and the format of its messages: the part of its configuration
 * that is needed to create, read or watch the topics.
 *
 * @param kind use that the job makes of its events
 * @param classes class names by index; empty if they are not configured
 */
public record JobTopics(
        JobKind kind,
        KafkaConfig kafka,
        SourceConfig source,
        List<String> classes,
        PublishConfig publish) {
    public JobTopics {
        classes = List.copyOf(classes);
    }

    /** Returns whether the job reads the events of a topic and only predicts them. */
    public boolean isPredictedOnly(String topic) {
        return switch (kind) {
            case LEARN -> kafka.isPredictedOnly(topic);
            case SCORE -> kafka.input().selects(topic);
        };
    }

    /** Returns a client of the registry of the messages' schemas; null if there is none. */
    public @Nullable SchemaRegistry openRegistry() {
        RegistryConfig registry = source.registry();
        return registry == null ? null : new SchemaRegistry(registry, new RegistrySecrets(kafka));
    }

    /**
     * Returns a client of the registry that messages or results need; empty if neither does.
     *
     * @param health receives what becomes of the requests
     * @throws PreflightException if the login cannot be read
     */
    public Optional<SchemaRegistry> connectRegistry(RegistryHealth health)
            throws PreflightException {
        RegistryConfig registry =
                source.registry() == null ? publish.registry() : source.registry();
        if (registry == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new SchemaRegistry(registry, new RegistrySecrets(kafka), health));
        } catch (RegistrySecrets.UnreadableException e) {
            throw new PreflightException(String.valueOf(e.getMessage()), e);
        }
    }
}
