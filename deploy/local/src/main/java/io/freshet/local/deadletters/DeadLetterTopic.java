package io.freshet.local.deadletters;

import io.freshet.local.topic.RecordScan;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.ResultRecord;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.EventReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reader of a job's topic of dead letters. */
public final class DeadLetterTopic {
    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterTopic.class);
    private static final EventReader<DeadLetterEvent> EVENTS =
            EventReader.of(DeadLetterEvent.class);

    private final JobTopics topics;
    private long unreadable;

    public DeadLetterTopic(JobTopics topics) {
        this.topics = topics;
    }

    /** Passes on the committed dead letters that a filter selects, in the order of the topic. */
    public void read(DeadLetterFilter filter, Consumer<StoredDeadLetter> letters) {
        unreadable = 0;
        try (RecordScan scan =
                new RecordScan(topics.kafka(), topics.publish().topic(Topic.DEAD_LETTERS))) {
            Map<TopicPartition, Long> ends = scan.ends();
            Map<TopicPartition, Long> starts =
                    filter.since().isPresent()
                            ? scan.offsetsFrom(filter.since().getAsLong())
                            : new HashMap<>(scan.beginnings());
            scan.read(starts, ends, record -> read(record, filter, letters));
        }
    }

    private void read(
            ConsumerRecord<byte[], byte[]> record,
            DeadLetterFilter filter,
            Consumer<StoredDeadLetter> letters) {
        StoredDeadLetter letter;
        try {
            letter = new StoredDeadLetter(ResultRecord.read(EVENTS, record), record.timestamp());
        } catch (IOException e) {
            LOG.warn(
                    "the record at {}-{}, offset {}, cannot be read",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e);
            unreadable++;
            return;
        }
        if (filter.selects(letter)) {
            letters.accept(letter);
        }
    }

    /** Returns the number of records that could not be decoded in the last call of read. */
    public long unreadable() {
        return unreadable;
    }
}
