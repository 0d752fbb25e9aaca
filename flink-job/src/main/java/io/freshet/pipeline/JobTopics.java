package io.freshet.pipeline;

import io.freshet.ingest.SourceConfig;
import io.freshet.publish.PublishConfig;

/**
 * The brokers and topics of a job, and the format of its messages: the part of its configuration
 * that is needed to create, read or watch the topics.
 */
public record JobTopics(KafkaConfig kafka, SourceConfig source, PublishConfig publish) {}
