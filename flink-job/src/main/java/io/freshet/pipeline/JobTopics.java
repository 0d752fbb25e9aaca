package io.freshet.pipeline;

import io.freshet.publish.PublishConfig;

/**
 * The brokers and topics of a job: the part of its configuration that is needed to create, read or
 * watch the topics.
 */
public record JobTopics(KafkaConfig kafka, PublishConfig publish) {}
