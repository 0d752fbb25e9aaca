package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import io.freshet.publish.Publication;
import io.freshet.publish.Topic;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/** Conversion of the job's own snapshots to messages, as if they were read from their topic. */
final class ModelMessages implements FlatMapFunction<Publication, RawMessage> {
    private static final long serialVersionUID = 1;

    @Override
    public void flatMap(Publication publication, Collector<RawMessage> out) {
        if (publication.topic() == Topic.MODELS) {
            out.collect(
                    new RawMessage(
                            publication.topic().name(),
                            0,
                            0,
                            0,
                            publication.key(),
                            publication.value(),
                            new String[0],
                            new byte[0][]));
        }
    }
}
