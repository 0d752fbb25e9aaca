package io.freshet.local.audit;

import io.freshet.local.audit.MetricsLog.EpochRecords;
import io.freshet.pipeline.InputTopics;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.JobTopics;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One reading of all topics of a job: first the metrics, then the other results, then the input.
 *
 * <p>In this order, results that the job publishes meanwhile are newer than the metrics that were
 * read, and are not compared. A checkpoint's transactions become visible one after the other, so
 * that results may be missing for a moment that the metrics count. A careful reading therefore
 * takes the metrics of an earlier one, and waits until no transaction is open that may contain such
 * results: they were all written before the metrics became visible.
 */
final class AuditPass {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /**
     * Ends of the metrics topic at one moment.
     *
     * @param visible offset after the last committed record
     * @param written offset after the last record
     */
    record Cut(Map<TopicPartition, Long> visible, Map<TopicPartition, Long> written) {}

    private final JobTopics topics;
    private final AuditRequest request;
    private final @Nullable SnapshotTarget until;
    private final TopicOffsets offsets;
    private final @Nullable Duration wait;
    private final PositionHash hash = new PositionHash();
    private final MessageDecoder decoder;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<AuditCheck, String> details = new EnumMap<>(AuditCheck.class);
    private final Map<TopicPartition, InputCounts> input = new HashMap<>();
    private final Map<String, TopicReader> inputReaders = new TreeMap<>();
    private final Set<String> lost = new TreeSet<>();
    private final Map<String, String> topicIds = new TreeMap<>();
    private final Map<TopicPartition, Long> provenFrom = new HashMap<>();
    private final Cut cut;
    private final EpochRecords records;
    private boolean open;
    private AnswerTopics answerTopics = new AnswerTopics(false, false, false);

    /** Answers for events that the job only predicts; null if it has none, or for a snapshot. */
    private final @Nullable FeatureAnswers answers;

    private @Nullable FeatureReview features;
    private long deadLetters;
    private long predictions;
    private long newer;

    /** Numbers of events of one input partition that the metrics do not cover. */
    private static final class InputCounts {
        private final long start;
        private long before;
        private long unread;

        InputCounts(long start) {
            this.start = start;
        }
    }

    private AuditPass(
            JobTopics topics,
            AuditRequest request,
            @Nullable SnapshotTarget until,
            TopicOffsets offsets,
            @Nullable Cut earlier) {
        this.topics = topics;
        decoder = new MessageDecoder(topics);
        this.request = request;
        this.until = until;
        this.offsets = offsets;
        wait = earlier == null ? null : request.patience();
        MetricsLog metrics = new MetricsLog(name(Topic.METRICS), request, until);
        cut = readMetrics(metrics, earlier);
        records = metrics.selected();
        answers =
                until == null && topics.kafka().features() != null
                        ? new FeatureAnswers(topics, records.job().job())
                        : null;
    }

    /**
     * Reads the topics and compares them.
     *
     * @param earlier metrics to which a careful reading is limited; null for a reading that does
     *     not wait
     */
    static AuditPass read(
            JobTopics topics,
            AuditRequest request,
            @Nullable SnapshotTarget until,
            TopicOffsets offsets,
            @Nullable Cut earlier) {
        AuditPass pass = new AuditPass(topics, request, until, offsets, earlier);
        try {
            pass.readSnapshots();
            pass.ledger().seal();
            pass.readDriftAlerts();
            pass.openInput();
            pass.readAnswers();
            pass.readInput();
            pass.compare();
            pass.compareFeatures();
        } finally {
            pass.inputReaders.values().forEach(TopicReader::close);
            pass.decoder.close();
        }
        return pass;
    }

    private String name(Topic topic) {
        return topics.publish().topic(topic);
    }

    private EpochLedger ledger() {
        return records.ledger();
    }

    private ResultTopic open(Topic topic) {
        return new ResultTopic(topics.kafka().client(), name(topic), offsets, wait);
    }

    private Cut readMetrics(MetricsLog metrics, @Nullable Cut earlier) {
        try (TopicReader reader = new TopicReader(topics.kafka().client(), name(Topic.METRICS))) {
            Map<TopicPartition, Long> starts = reader.starts();
            Map<TopicPartition, Long> visible = new HashMap<>(reader.ends());
            Cut now = earlier == null ? new Cut(visible, offsets.ends(visible.keySet())) : earlier;
            Map<TopicPartition, Long> ends = earlier == null ? now.visible() : now.written();
            Consumer<ConsumerRecord<byte[], byte[]>> add =
                    record -> {
                        TopicPartition partition =
                                new TopicPartition(record.topic(), record.partition());
                        if (record.offset() < ends.getOrDefault(partition, 0L)) {
                            metrics.add(
                                    AuditReader.read(AuditReader.METRICS, record),
                                    starts.getOrDefault(partition, 0L) > 0,
                                    record.offset() < now.visible().getOrDefault(partition, 0L));
                        }
                    };
            if (earlier == null) {
                open = !now.visible().equals(now.written());
                if (!reader.readTo(ends, TIMEOUT, add)) {
                    throw new IllegalStateException(
                            "topic " + name(Topic.METRICS) + " could not be read for a minute");
                }
            } else {
                open = !reader.readTo(ends, request.patience(), add);
            }
            return now;
        }
    }

    private boolean isOfJob(String job, long epoch) {
        return records.job().equals(new JobEpoch(job, epoch));
    }

    private void readSnapshots() {
        SnapshotReview review = new SnapshotReview(ledger(), records.job(), until);
        Consumer<ConsumerRecord<byte[], byte[]>> addToHistory =
                record -> review.addToHistory(AuditReader.read(AuditReader.SNAPSHOTS, record));
        try (ResultTopic history = open(Topic.MODEL_HISTORY);
                ResultTopic models = open(Topic.MODELS)) {
            history.read(addToHistory);
            review.beginModels();
            models.read(
                    record -> review.addToModels(AuditReader.read(AuditReader.SNAPSHOTS, record)));
            history.read(addToHistory);
            open |= history.isOpen() || models.isOpen();
            findings.addAll(
                    review.findings(history.isRemoved(), history.isOpen() || models.isOpen()));
        }
        review.addDetails(details);
    }

    private void readDriftAlerts() {
        SequenceCheck alerts = new SequenceCheck(AuditCheck.DRIFT_ALERTS);
        EarlierEpochs earlier = new EarlierEpochs();
        try (ResultTopic topic = open(Topic.DRIFT_ALERTS)) {
            topic.read(
                    record -> {
                        DriftAlertEvent event = AuditReader.read(AuditReader.DRIFT_ALERTS, record);
                        boolean continues =
                                event.getJob().equals(records.job().job())
                                        && earlier.add(
                                                event.getModelId(),
                                                event.getEpoch(),
                                                event.getSequence());
                        if (isOfJob(event.getJob(), event.getEpoch()) && isAudited(event)) {
                            alerts.add(
                                    event.getModelId(),
                                    event.getSequence(),
                                    0,
                                    topic.isRemovedBefore(record) || continues);
                        }
                    });
            open |= topic.isOpen();
            findings.addAll(alerts.findings());
            if (until == null) {
                records.drifts()
                        .forEach(
                                (modelId, drifts) -> {
                                    long found =
                                            alerts.next(modelId) > 0
                                                    ? alerts.next(modelId)
                                                    : earlier.before(
                                                            modelId, records.job().epoch());
                                    compareAlerts(modelId, drifts, found, topic);
                                });
            }
        }
        details.put(AuditCheck.DRIFT_ALERTS, alerts.detail());
    }

    private boolean isAudited(DriftAlertEvent event) {
        return until == null
                || (event.getModelId().equals(until.modelId())
                        && event.getModelVersion() <= until.modelVersion());
    }

    private void compareAlerts(String modelId, long drifts, long found, ResultTopic topic) {
        long missing = drifts - found;
        if (missing <= 0) {
            return;
        }
        String text =
                AuditText.format(
                        "the last %,d of %,d alerts are not on the topic", missing, drifts);
        boolean undecided =
                topic.isOpen() || ledger().isAtLeastOnce() || (topic.isRemoved() && found == 0);
        findings.add(
                undecided
                        ? Finding.undecided(AuditCheck.DRIFT_ALERTS, modelId, text, List.of())
                        : Finding.mismatch(AuditCheck.DRIFT_ALERTS, modelId, text));
    }

    /** Compares the ids of the input topics, and notes where each partition starts. */
    private void openInput() {
        Map<String, Set<String>> read = ledger().topicIds();
        Set<String> names = new TreeSet<>(read.keySet());
        if (until == null) {
            names.addAll(InputTopics.labelledNames(topics.kafka()));
        }
        topicIds.putAll(offsets.ids(names));
        for (String topic : names) {
            Set<String> ids = read.getOrDefault(topic, Set.of());
            String id = topicIds.get(topic);
            if (id == null) {
                lost.add(topic);
                findings.add(
                        Finding.unproven(
                                AuditCheck.INPUT_TOPIC,
                                "",
                                "topic " + topic + " does not exist any more",
                                List.of()));
                continue;
            }
            TopicReader reader = new TopicReader(topics.kafka().client(), topic);
            inputReaders.put(topic, reader);
            reader.starts().forEach((p, start) -> input.put(p, new InputCounts(start)));
            if (!ids.isEmpty() && !ids.equals(Set.of(id))) {
                lost.add(topic);
                findings.add(
                        Finding.mismatch(
                                AuditCheck.INPUT_TOPIC,
                                "",
                                "topic "
                                        + topic
                                        + " has the id "
                                        + id
                                        + "; the job read "
                                        + String.join(" and ", ids)));
            }
            details.merge(
                    AuditCheck.INPUT_TOPIC,
                    topic + (ids.isEmpty() ? ", no id in the records" : ", id " + id),
                    (a, b) -> a + "; " + b);
        }
    }

    private void readAnswers() {
        answerTopics =
                AnswerTopics.read(
                        this::open, answers != null, this::addDeadLetter, this::addPrediction);
        open |= answerTopics.isOpen();
    }

    private void addDeadLetter(DeadLetterEvent event, boolean advances) {
        if (topics.isPredictedOnly(event.getTopic())) {
            if (answers != null) {
                answers.add(event, advances);
            }
        } else if (isOfJob(event.getJob(), event.getEpoch())) {
            addDeadLetter(event);
        }
    }

    private void addPrediction(PredictionEvent event, boolean advances) {
        if (topics.isPredictedOnly(event.getSource().getTopic())) {
            if (answers != null) {
                answers.add(event, advances);
            }
        } else if (isOfJob(event.getJob(), event.getEpoch()) && event.getLabel() == null) {
            addPrediction(event); // the metrics count only those without a label
        }
    }

    private void addDeadLetter(DeadLetterEvent event) {
        TopicPartition source = new TopicPartition(event.getTopic(), event.getPartition());
        long offset = event.getOffset();
        EventKind kind = decoder.decode(event);
        InputCounts counts = input.get(source);
        boolean covered =
                ledger().addDeadLetter(
                                source,
                                offset,
                                hash.of(event.getTopic(), event.getPartition(), offset),
                                event.getModelId(),
                                kind,
                                decoder.modelId(),
                                counts != null && offset >= counts.start);
        if (covered) {
            deadLetters++;
        } else {
            newer++;
        }
    }

    private void addPrediction(PredictionEvent event) {
        PartitionOffset source = event.getSource();
        boolean covered =
                ledger().addPrediction(
                                new TopicPartition(source.getTopic(), source.getPartition()),
                                source.getOffset(),
                                hash.of(
                                        source.getTopic(),
                                        source.getPartition(),
                                        source.getOffset()),
                                event.getModelId());
        if (covered) {
            predictions++;
        } else {
            newer++;
        }
    }

    private void readInput() {
        inputReaders.forEach(
                (topic, reader) -> {
                    if (!lost.contains(topic)) {
                        InputReading reading = new InputReading(topic);
                        reader.readToEnd(reading::add);
                    }
                });
    }

    /** Reading of one input topic, which keeps the place of the partition read last. */
    private final class InputReading {
        private final String topic;
        private TopicPartition partition;
        private InputCounts counts = new InputCounts(0);
        private long first;
        private long last;

        InputReading(String topic) {
            this.topic = topic;
            partition = new TopicPartition(topic, -1);
        }

        void add(ConsumerRecord<byte[], byte[]> record) {
            if (record.partition() != partition.partition()) {
                partition = new TopicPartition(topic, record.partition());
                counts = input.computeIfAbsent(partition, p -> new InputCounts(0));
                first = ledger().firsts().getOrDefault(partition, Long.MAX_VALUE);
                last = ledger().lasts().getOrDefault(partition, -1L);
            }
            long offset = record.offset();
            if (offset > last) {
                counts.unread++;
            } else if (offset < first) {
                counts.before++;
            } else {
                EventKind kind = decoder.decode(record);
                ledger().addInput(
                                partition,
                                offset,
                                hash.of(topic, record.partition(), offset),
                                kind,
                                decoder.modelId());
            }
        }
    }

    private void compare() {
        Map<TopicPartition, Long> starts = new HashMap<>();
        inputReaders.values().forEach(reader -> starts.putAll(reader.starts()));
        LedgerReview review =
                LedgerReview.of(
                        ledger(),
                        new LedgerReview.Topics(
                                starts,
                                lost,
                                answerTopics.deadLettersRemoved(),
                                answerTopics.predictionsRemoved(),
                                open,
                                request.unaligned()));
        findings.addAll(records.sequence().findings());
        findings.addAll(review.findings());
        provenFrom.putAll(review.provenFrom());
        if (until == null && !request.startsLatest()) {
            input.forEach(this::compareStart);
        }
        Map<String, Boundary> models = models();
        EventSum read = sum(models, Boundary::read);
        EventSum outcomes = sum(models, Boundary::outcomes);
        details.put(
                AuditCheck.EVENTS_READ,
                AuditText.format("%,d events in %,d ranges", read.count(), review.ranges()));
        details.put(
                AuditCheck.OUTCOMES,
                AuditText.format(
                        "%,d of %,d%s",
                        outcomes.count(),
                        read.count(),
                        outcomes.count() < read.count()
                                ? AuditText.format(", %,d pending", read.count() - outcomes.count())
                                : ""));
        details.put(
                AuditCheck.EXAMPLES_SEEN,
                AuditText.format("%,d", sum(models, Boundary::accepted).count()));
        details.put(
                AuditCheck.DEAD_LETTERS,
                AuditText.format(
                        "%,d of %,d", deadLetters, sum(models, Boundary::deadLetters).count()));
        details.put(
                AuditCheck.PREDICTIONS,
                AuditText.format(
                        "%,d of %,d", predictions, sum(models, Boundary::unlabelled).count()));
        details.put(AuditCheck.METRICS_SEQUENCE, records.sequence().detail());
    }

    /** Compares the events that the job only predicts with its answers. */
    private void compareFeatures() {
        if (answers != null) {
            FeatureReview review =
                    FeatureReview.of(
                            topics, request, answers, records.job(), answerTopics, offsets);
            findings.addAll(review.findings());
            details.put(AuditCheck.FEATURE_EVENTS, review.counts().toString());
            features = review;
        }
    }

    private void compareStart(TopicPartition partition, InputCounts counts) {
        if (counts.before > 0) {
            long first = ledger().firsts().getOrDefault(partition, 0L);
            findings.add(
                    Finding.unproven(
                            AuditCheck.EVENTS_READ,
                            "",
                            AuditText.format(
                                    "the job begins at offset %d and did not read %,d events"
                                            + " before; right only with source.start=latest",
                                    first, counts.before),
                            List.of(new OffsetSpan(partition, counts.start, first - 1))));
        }
    }

    private static EventSum sum(Map<String, Boundary> models, Function<Boundary, EventSum> part) {
        EventSum sum = EventSum.NONE;
        for (Boundary model : models.values()) {
            sum = sum.plus(part.apply(model));
        }
        return sum;
    }

    private Map<String, Boundary> models() {
        Map<String, Boundary> models = new TreeMap<>();
        ledger().models().forEach(model -> models.put(model.modelId(), model.last()));
        return models;
    }

    /** Returns whether a careful reading may decide otherwise. */
    boolean isDoubtful() {
        return findings.stream().anyMatch(finding -> !finding.isFinal())
                && (open || ledger().isAtLeastOnce());
    }

    Cut cut() {
        return cut;
    }

    /** Returns the mismatches, and what cannot be proven. */
    List<Finding> findings() {
        return findings;
    }

    /** Returns whether an event that names a model may count as one of another model. */
    static boolean mayBelongTo(String modelId, EventKind kind, String namedModelId) {
        return namedModelId.equals(modelId)
                || kind == EventKind.UNREADABLE
                || modelId.equals(MessageDecoder.NO_MODEL);
    }

    /** Returns the report, with findings in place of this reading's own. */
    AuditReport report(List<Finding> located, double seconds) {
        List<PartitionReport> partitions = new ArrayList<>();
        Set<TopicPartition> all = new HashSet<>(ledger().lasts().keySet());
        if (until == null) {
            all.addAll(input.keySet());
        }
        for (TopicPartition partition : all) {
            InputCounts counts = input.getOrDefault(partition, new InputCounts(0));
            long first = ledger().firsts().getOrDefault(partition, -1L);
            partitions.add(
                    new PartitionReport(
                            partition,
                            topicIds.getOrDefault(partition.topic(), ""),
                            false,
                            counts.start,
                            first,
                            provenFrom.getOrDefault(partition, Math.max(0, first)),
                            ledger().lasts().getOrDefault(partition, -1L),
                            until == null ? counts.unread : 0,
                            counts.before));
        }
        if (features != null) {
            partitions.addAll(features.partitions());
        }
        partitions.sort(
                Comparator.comparing((PartitionReport report) -> report.partition().topic())
                        .thenComparing(report -> report.partition().partition()));
        return new AuditReport(
                JobKind.LEARN,
                records.job(),
                until,
                details,
                located,
                partitions,
                models(),
                features == null ? null : features.counts(),
                newer,
                seconds);
    }
}
