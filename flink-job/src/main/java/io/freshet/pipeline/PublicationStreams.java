package io.freshet.pipeline;

import io.freshet.publish.Publication;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Streams of encoded events for the sinks.
 *
 * @param metrics metrics, which may be made visible before a checkpoint covers them
 * @param others all other events, to be delivered exactly once
 */
public record PublicationStreams(DataStream<Publication> metrics, DataStream<Publication> others) {}
