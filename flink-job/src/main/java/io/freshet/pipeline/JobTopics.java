package io.freshet.pipeline;

import io.freshet.ingest.SourceConfig;
import io.freshet.publish.PublishConfig;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.SchemaRegistry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The brokers and topics of a job, and the format of its messages: the part of its configuration
 * that is needed to create, read or watch the topics.
 *
 * @param classes class names by index; empty if they are not configured
 */
public record JobTopics(
        KafkaConfig kafka, SourceConfig source, List<String> classes, PublishConfig publish) {
    public JobTopics {
        classes = List.copyOf(classes);
    }

    /** Returns a client of the registry of the messages' schemas; null if there is none. */
    public @Nullable SchemaRegistry openRegistry() {
        RegistryConfig registry = source.registry();
        return registry == null ? null : new SchemaRegistry(registry, new RegistrySecrets(kafka));
    }
}
