package io.freshet.pipeline;

import io.freshet.publish.Publication;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Avro events on their way to their topics.
 *
 * @param metrics metrics, which may go to readers before a checkpoint covers them
 * @param others everything else, each record exactly once
 */
public record PublicationStreams(DataStream<Publication> metrics, DataStream<Publication> others) {}
