package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.EmbeddedKafka;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Transactions that a real broker has committed, or given up, and commits of them that it refuses.
 */
class LoudCommitterITCase {
    private static final String TOPIC = "results";

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = EmbeddedKafka.start();
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    private static Properties client() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", kafka.bootstrapServers());
        return properties;
    }

    private static KafkaProducer<byte[], byte[]> producer(String transactionalId) {
        Properties properties = client();
        properties.put("transactional.id", transactionalId);
        return new KafkaProducer<>(
                properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static KafkaCommittable openTransaction(
            KafkaProducer<byte[], byte[]> producer, String transactionalId) throws Exception {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(TOPIC, new byte[] {1})).get();
        try (Admin admin = Admin.create(client())) {
            TransactionDescription transaction =
                    admin.describeTransactions(List.of(transactionalId))
                            .description(transactionalId)
                            .get();
            return new KafkaCommittable(
                    transaction.producerId(),
                    (short) transaction.producerEpoch(),
                    transactionalId,
                    null);
        }
    }

    /** Refuses as the connector's committer does, which only counts what the broker refused. */
    private static final class Refusing implements Committer<KafkaCommittable> {
        @Override
        public void commit(Collection<CommitRequest<KafkaCommittable>> requests) {
            requests.forEach(
                    request ->
                            request.signalFailedWithKnownReason(
                                    new ProducerFencedException("a newer producer")));
        }

        @Override
        public void close() {}
    }

    /** Keeps what it was told. */
    private record Request(KafkaCommittable committable, List<String> told)
            implements Committer.CommitRequest<KafkaCommittable> {
        @Override
        public KafkaCommittable getCommittable() {
            return committable;
        }

        @Override
        public int getNumberOfRetries() {
            return 0;
        }

        @Override
        public void signalFailedWithKnownReason(Throwable reason) {
            told.add("failed");
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable reason) {
            told.add("failed");
        }

        @Override
        public void retryLater() {
            told.add("retry");
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable updated) {
            told.add("retry");
        }

        @Override
        public void signalAlreadyCommitted() {
            told.add("committed");
        }
    }

    @Test
    void transactionThatWasCommittedBefore_isCommitted() throws Exception {
        KafkaCommittable committable;
        try (KafkaProducer<byte[], byte[]> producer = producer("committed")) {
            committable = openTransaction(producer, "committed");
            producer.commitTransaction();
        }
        List<String> told = new ArrayList<>();

        new LoudCommitter(new Refusing(), client()).commit(List.of(new Request(committable, told)));

        assertThat(told).containsExactly("committed");
    }

    @Test
    void transactionThatKafkaGaveUp_failsTheJob() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("given-up");
                KafkaProducer<byte[], byte[]> newer = producer("given-up")) {
            KafkaCommittable committable = openTransaction(producer, "given-up");
            newer.initTransactions(); // fences the older producer and aborts its transaction
            List<String> told = new ArrayList<>();

            assertThatThrownBy(
                            () ->
                                    new LoudCommitter(new Refusing(), client())
                                            .commit(List.of(new Request(committable, told))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Kafka did not commit the transaction given-up")
                    .hasMessageContaining("results that a checkpoint counts as written are lost")
                    .hasMessageContaining("sink.transaction-timeout");
            assertThat(told).isEmpty();
        }
    }

    @Test
    void transactionOfALaterUseOfTheSameId_isNotTakenForIt() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("reused");
                KafkaProducer<byte[], byte[]> newer = producer("reused")) {
            KafkaCommittable committable = openTransaction(producer, "reused");
            openTransaction(newer, "reused");
            newer.commitTransaction();

            assertThatThrownBy(
                            () ->
                                    new LoudCommitter(new Refusing(), client())
                                            .commit(
                                                    List.of(
                                                            new Request(
                                                                    committable,
                                                                    new ArrayList<>()))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("are lost");
        }
    }

    @Test
    void transactionThatKafkaDoesNotKnow_failsTheJob() {
        KafkaCommittable committable = new KafkaCommittable(1, (short) 0, "unknown", null);

        assertThatThrownBy(
                        () ->
                                new LoudCommitter(new Refusing(), client())
                                        .commit(
                                                List.of(
                                                        new Request(
                                                                committable, new ArrayList<>()))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("does not tell what became of it");
    }
}
