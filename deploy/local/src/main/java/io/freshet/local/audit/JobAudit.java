package io.freshet.local.audit;

import io.freshet.local.cli.UserException;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaAdmin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;

/**
 * Proof of a job's counts and digests by an independent reader of its topics, which narrows a
 * mismatch to the offsets where it lies.
 *
 * <p>The job may be running. Each record of a model's metrics and each snapshot states how many
 * events were read from each partition, up to which offset, and their digest. Two successive ones
 * thus delimit a range of offsets that is compared with the input on its own. The input is read
 * once, with sums for each range but no position kept; only ranges that do not match are read
 * again.
 */
public final class JobAudit {
    private static final int MAX_LOCATED = 20;
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private JobAudit() {}

    /**
     * Audits a job.
     *
     * @throws UserException if a topic does not exist, or the request names nothing in them
     * @throws org.apache.kafka.common.KafkaException if the topics cannot be read
     */
    public static AuditReport run(JobTopics topics, AuditRequest request) {
        long start = System.nanoTime();
        try (Admin admin = KafkaAdmin.create(topics.kafka())) {
            TopicOffsets offsets = new TopicOffsets(admin);
            requireTopics(topics, offsets);
            if (topics.kind() == JobKind.SCORE) {
                return ScoreAudit.run(topics, request, offsets, start);
            }
            SnapshotTarget until = SnapshotSearch.find(topics, request);
            AuditPass pass = AuditPass.read(topics, request, until, offsets, null);
            if (pass.isDoubtful()) {
                pass = AuditPass.read(topics, request, until, offsets, pass.cut());
            }
            List<Finding> located = locate(topics, pass);
            return pass.report(located, (System.nanoTime() - start) / 1e9);
        }
    }

    private static void requireTopics(JobTopics topics, TopicOffsets offsets) {
        List<String> missing = new ArrayList<>(topics.publish().topics());
        missing.removeAll(offsets.ids(missing).keySet());
        if (!missing.isEmpty()) {
            throw new UserException(
                    "no topic "
                            + String.join(", ", missing)
                            + " at "
                            + topics.kafka().bootstrapServers()
                            + "; the keys topics.* name the job's topics");
        }
    }

    private static List<Finding> locate(JobTopics topics, AuditPass pass) {
        List<Finding> located = new ArrayList<>();
        Map<AuditCheck, Integer> searched = new EnumMap<>(AuditCheck.class);
        for (Finding finding : pass.findings()) {
            boolean searches =
                    finding.isSearchable()
                            && searched.merge(finding.check(), 1, Integer::sum) <= MAX_LOCATED;
            located.add(searches ? locate(topics, finding) : finding);
        }
        return located;
    }

    private static Finding locate(JobTopics topics, Finding finding) {
        Finding located = locate(topics, finding, finding.spans());
        if (located.isSearchable() && Math.abs(finding.difference().count()) == 1) {
            // The record may count an event of an earlier range.
            List<OffsetSpan> earlier =
                    finding.spans().stream()
                            .map(span -> new OffsetSpan(span.partition(), 0, span.from() - 1))
                            .toList();
            return locate(topics, finding, earlier);
        }
        return located;
    }

    private static Finding locate(JobTopics topics, Finding finding, List<OffsetSpan> spans) {
        OffsetSearch search = new OffsetSearch(finding.difference());
        PositionHash hash = new PositionHash();
        try (MessageDecoder decoder = new MessageDecoder(topics)) {
            for (OffsetSpan span : spans) {
                TopicPartition partition = span.partition();
                try (TopicReader reader =
                        new TopicReader(topics.kafka().client(), partition.topic())) {
                    reader.seek(partition, span.from());
                    reader.readTo(
                            Map.of(partition, span.to() + 1),
                            TIMEOUT,
                            record -> {
                                EventKind kind = decoder.decode(record);
                                if (record.offset() <= span.to()
                                        && AuditPass.mayBelongTo(
                                                finding.modelId(), kind, decoder.modelId())) {
                                    search.add(
                                            partition,
                                            record.offset(),
                                            hash.of(
                                                    partition.topic(),
                                                    partition.partition(),
                                                    record.offset()));
                                }
                            });
                }
            }
        }
        return search.located(finding);
    }
}
