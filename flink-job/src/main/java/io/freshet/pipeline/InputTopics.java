package io.freshet.pipeline;

import io.freshet.publish.JobIdentity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topics that a job reads, as Kafka has them now. */
public final class InputTopics {
    private InputTopics() {}

    /**
     * Returns the names of the selected topics: those of a list, whether they exist or not, or
     * those that match a pattern now.
     *
     * @throws KafkaException if Kafka does not answer
     */
    public static SortedSet<String> names(KafkaConfig kafka) {
        return names(kafka, kafka.input());
    }

    /**
     * Returns the names of the topics of labelled events like the other method.
     *
     * @throws KafkaException if Kafka does not answer
     */
    public static SortedSet<String> labelledNames(KafkaConfig kafka) {
        return names(kafka, kafka.labelled());
    }

    /**
     * Returns the names of the topics whose events a job only predicts, like the other methods.
     *
     * @throws KafkaException if Kafka does not answer
     */
    public static SortedSet<String> predictedOnlyNames(JobTopics topics) {
        SortedSet<String> names = names(topics.kafka());
        names.removeIf(name -> !topics.isPredictedOnly(name));
        return names;
    }

    private static SortedSet<String> names(KafkaConfig kafka, TopicSelection selection) {
        if (selection.pattern() == null) {
            return new TreeSet<>(selection.names());
        }
        try (Admin admin = KafkaAdmin.create(kafka)) {
            return names(admin, selection);
        } catch (ExecutionException e) {
            throw new KafkaException("the topics cannot be listed", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /**
     * Returns the names of selected topics like the other methods.
     *
     * @throws ExecutionException if Kafka does not answer
     */
    static SortedSet<String> names(Admin admin, TopicSelection selection)
            throws ExecutionException, InterruptedException {
        SortedSet<String> names = new TreeSet<>(selection.names());
        if (selection.pattern() != null) {
            names.addAll(admin.listTopics().names().get());
            names.removeIf(name -> !selection.selects(name));
        }
        return names;
    }

    /**
     * Returns Kafka's ids of those topics that exist, by name.
     *
     * @throws ExecutionException if Kafka does not answer
     */
    static Map<String, String> idsOfExisting(Admin admin, Collection<String> topics)
            throws ExecutionException, InterruptedException {
        Map<String, String> ids = new TreeMap<>();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic :
                admin.describeTopics(topics).topicNameValues().entrySet()) {
            try {
                ids.put(topic.getKey(), topic.getValue().get().topicId().toString());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
            }
        }
        return ids;
    }

    /**
     * Returns Kafka's ids of topics, by name.
     *
     * @throws ExecutionException if Kafka does not answer, or does not have one of the topics
     */
    static Map<String, String> ids(Admin admin, Collection<String> topics)
            throws ExecutionException, InterruptedException {
        Map<String, String> ids = new TreeMap<>();
        for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
            ids.put(topic.name(), topic.topicId().toString());
        }
        return ids;
    }

    /**
     * Returns which topic was deleted and created again since a job read it; empty if none was. A
     * topic whose id is unknown is not compared.
     *
     * @param current {@link #ids}
     */
    static Optional<String> recreated(JobIdentity job, Map<String, String> current) {
        List<String> recreated = new ArrayList<>();
        for (Map.Entry<String, String> topic : new TreeMap<>(job.topicIds()).entrySet()) {
            String now = current.get(topic.getKey());
            if (now != null && !topic.getValue().isEmpty() && !now.equals(topic.getValue())) {
                recreated.add(
                        "topic "
                                + topic.getKey()
                                + " was deleted and created again: the job has read the topic"
                                + " with the id "
                                + topic.getValue()
                                + ", and now there is one with the id "
                                + now);
            }
        }
        return recreated.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", recreated));
    }

    /**
     * Returns which of the offsets, from which a job has to continue, its topics do not have, with
     * the number of offsets that are missing; empty if they have them all.
     *
     * @throws ExecutionException if Kafka does not answer
     */
    static Optional<String> missing(Admin admin, Map<TopicPartition, Long> offsets)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> first = beginnings(admin, offsets.keySet());
        Map<TopicPartition, Long> end = list(admin, offsets.keySet(), OffsetSpec.latest());
        List<String> missing = new ArrayList<>();
        sorted(offsets)
                .forEach(
                        next -> {
                            TopicPartition partition = next.getKey();
                            long offset = next.getValue();
                            long from = first.getOrDefault(partition, 0L);
                            long to = end.getOrDefault(partition, 0L);
                            if (offset < from) {
                                missing.add(
                                        String.format(
                                                "%s, partition %d: offsets %d to %d are missing"
                                                        + " (%d)",
                                                partition.topic(),
                                                partition.partition(),
                                                offset,
                                                from - 1,
                                                from - offset));
                            } else if (offset > to) {
                                missing.add(
                                        String.format(
                                                "%s, partition %d: ends at offset %d, before"
                                                        + " offset %d (%d fewer)",
                                                partition.topic(),
                                                partition.partition(),
                                                to,
                                                offset,
                                                offset - to));
                            }
                        });
        return missing.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", missing));
    }

    /** Returns offsets in the order of their topics and partitions. */
    static Stream<Map.Entry<TopicPartition, Long>> sorted(Map<TopicPartition, Long> offsets) {
        return offsets.entrySet().stream()
                .sorted(
                        Map.Entry.comparingByKey(
                                Comparator.comparing(TopicPartition::topic)
                                        .thenComparingInt(TopicPartition::partition)));
    }

    /**
     * Returns the offset of the first record that each partition has.
     *
     * @throws ExecutionException if Kafka does not answer
     */
    static Map<TopicPartition, Long> beginnings(Admin admin, Collection<TopicPartition> partitions)
            throws ExecutionException, InterruptedException {
        return list(admin, partitions, OffsetSpec.earliest());
    }

    private static Map<TopicPartition, Long> list(
            Admin admin, Collection<TopicPartition> partitions, OffsetSpec position)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> request = new HashMap<>();
        partitions.forEach(partition -> request.put(partition, position));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> found :
                admin.listOffsets(request).all().get().entrySet()) {
            offsets.put(found.getKey(), found.getValue().offset());
        }
        return offsets;
    }
}
