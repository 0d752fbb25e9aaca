package io.freshet.pipeline;

import io.freshet.ingest.IngestConfig;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of a server of a job's models.
 *
 * @param models name of the topic of snapshots
 * @param events mapping of JSON events to features; null if {@code features} is not set
 */
public record ServingConfig(KafkaConfig kafka, String models, @Nullable IngestConfig events) {}
