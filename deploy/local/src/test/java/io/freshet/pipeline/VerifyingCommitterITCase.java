package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cluster.EmbeddedKafka;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.BackchannelFactory;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.connector.kafka.sink.internal.KafkaCommitter;
import org.apache.flink.connector.kafka.sink.internal.ReadableBackchannel;
import org.apache.flink.connector.kafka.sink.internal.TransactionFinished;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Integration test of the committer: transactions that a broker commits, aborts or refuses. */
class VerifyingCommitterITCase {
    private static final String TOPIC = "results";
    private static final String CANARY = "canary-19c4";

    /** Log file of the module's log4j2.properties. */
    private static final Path LOG = Path.of(System.getProperty("java.io.tmpdir"), "freshet.log");

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
        properties.put("ssl.key.password", CANARY);
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

    private static VerifyingCommitter committer(String prefix) {
        return new VerifyingCommitter(
                new KafkaCommitter(
                        producerProperties(), prefix, 0, 0, false, FlinkKafkaInternalProducer::new),
                client());
    }

    private static Properties producerProperties() {
        Properties properties = client();
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        return properties;
    }

    /** Records the results of commits. */
    private record Request(KafkaCommittable committable, List<String> results)
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
            results.add("failed");
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable reason) {
            results.add("failed");
        }

        @Override
        public void retryLater() {
            results.add("retry");
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable updated) {
            results.add("retry");
        }

        @Override
        public void signalAlreadyCommitted() {
            results.add("committed");
        }
    }

    /** Repeated, because a job can fail several times between two checkpoints. */
    @RepeatedTest(5)
    void openTransactionOfACheckpoint_isCommitted_afterAnyNumberOfRestores(RepetitionInfo run)
            throws Exception {
        String id = "open-" + run.getCurrentRepetition();
        try (KafkaProducer<byte[], byte[]> producer = producer(id)) {
            KafkaCommittable committable = openTransaction(producer, id);
            List<String> results = new ArrayList<>();

            committer(id).commit(List.of(new Request(committable, results)));

            assertThat(results).isEmpty(); // Flink treats a request without a signal as committed
            assertThat(state(id))
                    .isIn(
                            TransactionState.PREPARE_COMMIT,
                            TransactionState.COMPLETE_COMMIT,
                            TransactionState.EMPTY);

            committer(id + "-again").commit(List.of(new Request(committable, results)));

            assertThat(results).containsExactly("committed");
        }
    }

    private static TransactionState state(String transactionalId) throws Exception {
        try (Admin admin = Admin.create(client())) {
            return admin.describeTransactions(List.of(transactionalId))
                    .description(transactionalId)
                    .get()
                    .state();
        }
    }

    @Test
    void transactionCommittedBefore_isAccepted_andItsIdIsReleased() throws Exception {
        KafkaCommittable committable;
        try (KafkaProducer<byte[], byte[]> producer = producer("committed")) {
            committable = openTransaction(producer, "committed");
            producer.commitTransaction();
        }
        List<String> results = new ArrayList<>();
        try (ReadableBackchannel<TransactionFinished> finished =
                BackchannelFactory.getInstance().getReadableBackchannel(0, 0, "committed")) {
            committer("committed").commit(List.of(new Request(committable, results)));

            assertThat(results).containsExactly("committed");
            assertThat(finished.poll()).isEqualTo(TransactionFinished.successful("committed"));
        }
    }

    @Test
    void transactionAbortedByKafka_endsTheJob() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("given-up");
                KafkaProducer<byte[], byte[]> newer = producer("given-up")) {
            KafkaCommittable committable = openTransaction(producer, "given-up");
            newer.initTransactions(); // fences the older producer and aborts its transaction

            assertLost(committable);
        }
    }

    @Test
    void transactionAbortedBeforeItsFirstCommit_endsTheJob_andNoPasswordIsLogged()
            throws Exception {
        long before = Files.exists(LOG) ? Files.size(LOG) : 0;
        try (FlinkKafkaInternalProducer<byte[], byte[]> producer =
                        new FlinkKafkaInternalProducer<>(producerProperties(), "late");
                KafkaProducer<byte[], byte[]> newer = producer("late")) {
            KafkaCommittable restored = openTransaction(producer, "late");
            newer.initTransactions();

            assertLost(
                    new KafkaCommittable(
                            restored.getProducerId(), restored.getEpoch(), "late", producer));
        }
        assertThat(logged(before))
                .contains("Unable to commit transaction (commit of late)")
                .doesNotContain(CANARY);
    }

    @Test
    void laterTransactionWithTheSameId_isNotMistakenForIt() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("reused");
                KafkaProducer<byte[], byte[]> newer = producer("reused")) {
            KafkaCommittable committable = openTransaction(producer, "reused");
            openTransaction(newer, "reused");
            newer.commitTransaction();

            assertLost(committable);
        }
    }

    @Test
    void transactionUnknownToKafka_endsTheJob() throws Exception {
        assertLost(new KafkaCommittable(1, (short) 0, "unknown", null));
    }

    /** Returns what was logged after a position in the log file. */
    private static String logged(long before) throws IOException {
        byte[] all = Files.readAllBytes(LOG);
        int from = (int) before;
        return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    }

    private static void assertLost(KafkaCommittable committable) {
        String id = committable.getTransactionalId();
        List<String> results = new ArrayList<>();
        assertThatThrownBy(() -> committer(id).commit(List.of(new Request(committable, results))))
                .isInstanceOf(SuppressRestartsException.class)
                .cause()
                .hasMessageContaining("Kafka did not commit the transaction " + id)
                .hasMessageContaining("results that a checkpoint counts as written are lost")
                .hasMessageContaining("sink.transaction-timeout");
        assertThat(results).isEmpty();
    }

    @Test
    void brokerWithoutAnswer_failsTheTask_whichMayRestart() throws Exception {
        Properties nobody = producerProperties();
        int[] free = new int[1];
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free[0] = socket.getLocalPort();
        }
        nobody.put("bootstrap.servers", "localhost:" + free[0]);
        nobody.put("default.api.timeout.ms", "500");
        nobody.put("request.timeout.ms", "200");
        VerifyingCommitter committer =
                new VerifyingCommitter(
                        new KafkaCommitter(
                                nobody, "away", 0, 0, false, FlinkKafkaInternalProducer::new),
                        nobody);
        KafkaCommittable committable = new KafkaCommittable(1, (short) 0, "away", null);

        assertThatThrownBy(
                        () ->
                                committer.commit(
                                        List.of(new Request(committable, new ArrayList<>()))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not return the state of the transaction away");
    }
}
