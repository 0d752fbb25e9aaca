package io.freshet.pipeline;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.KafkaCommitter;
import org.apache.flink.connector.kafka.sink.internal.TransactionFinished;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A committer of Kafka transactions that ends the job where results are lost.
 *
 * <p>The connector's committer (flink-connector-kafka 5.0.0) only counts a transaction that Kafka
 * refuses to commit. So the broker is asked what became of a transaction: before the commit where
 * the transaction comes from a checkpoint, since a job that starts again commits what may have been
 * committed before, and after a refusal. A committed transaction is fine. Lost results cannot be
 * had back by starting again, so the job ends.
 */
@SuppressWarnings("try") // Flink's own committers may be interrupted while they close
final class LoudCommitter implements Committer<KafkaCommittable> {
    private static final Logger LOG = LoggerFactory.getLogger(LoudCommitter.class);

    private final KafkaCommitter committer;
    private final Properties client;

    /**
     * @param client properties of Kafka's clients, to ask the broker with
     */
    LoudCommitter(KafkaCommitter committer, Properties client) {
        this.committer = committer;
        this.client = client;
    }

    @Override
    public void commit(Collection<CommitRequest<KafkaCommittable>> requests)
            throws IOException, InterruptedException {
        List<CommitRequest<KafkaCommittable>> open = new ArrayList<>();
        for (CommitRequest<KafkaCommittable> request : requests) {
            boolean restored = request.getCommittable().getProducer().isEmpty();
            if (restored && wasCommitted(request.getCommittable())) {
                committer
                        .getBackchannel()
                        .send(
                                TransactionFinished.successful(
                                        request.getCommittable().getTransactionalId()));
                request.signalAlreadyCommitted();
            } else {
                open.add(new VerifiedRequest(request));
            }
        }
        committer.commit(open);
    }

    /**
     * Asks the broker whether a transaction was committed before.
     *
     * @return false if it is still open
     * @throws SuppressRestartsException if Kafka has given it up
     */
    private boolean wasCommitted(KafkaCommittable committable) throws IOException {
        TransactionDescription transaction = describe(committable);
        if (isCommitted(transaction, committable)) {
            return true;
        }
        if (isOpen(transaction, committable)) {
            return false;
        }
        throw lost(committable, String.valueOf(transaction.state()), null);
    }

    private static boolean isOpen(
            TransactionDescription transaction, KafkaCommittable committable) {
        return transaction.state() == TransactionState.ONGOING
                && transaction.producerId() == committable.getProducerId()
                && transaction.producerEpoch() == committable.getEpoch();
    }

    /**
     * A commit by version 2 raises the producer's epoch by one; another use would raise it more.
     */
    private static boolean isCommitted(
            TransactionDescription transaction, KafkaCommittable committable) {
        boolean committed =
                transaction.state() == TransactionState.COMPLETE_COMMIT
                        || transaction.state() == TransactionState.PREPARE_COMMIT;
        int raised = transaction.producerEpoch() - committable.getEpoch();
        return committed
                && transaction.producerId() == committable.getProducerId()
                && (raised == 0 || raised == 1);
    }

    private TransactionDescription describe(KafkaCommittable committable) throws IOException {
        String transactionalId = committable.getTransactionalId();
        try (Admin admin = Admin.create(client)) {
            return admin.describeTransactions(List.of(transactionalId))
                    .description(transactionalId)
                    .get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TransactionalIdNotFoundException) {
                throw lost(committable, "unknown to Kafka", e);
            }
            throw new IOException(
                    "Kafka does not tell what became of the transaction "
                            + transactionalId
                            + ": "
                            + e.getCause(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking Kafka", e);
        }
    }

    private static SuppressRestartsException lost(
            KafkaCommittable committable, String state, @Nullable Throwable cause) {
        return new SuppressRestartsException(
                new IllegalStateException(
                        "Kafka did not commit the transaction "
                                + committable.getTransactionalId()
                                + " ("
                                + state
                                + "): results that a checkpoint counts as written are lost. Was the"
                                + " job down for longer than sink.transaction-timeout, or does"
                                + " another job use its sink.transactional-id-prefix? Restore an"
                                + " older checkpoint, or start anew.",
                        cause));
    }

    /** What cannot be closed is logged: Flink ends a TaskManager whose task fails to clean up. */
    @Override
    public void close() {
        try {
            committer.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("the committer of Kafka's transactions could not be closed", e);
        }
    }

    /** A request that asks the broker before it takes a refusal. */
    private final class VerifiedRequest implements CommitRequest<KafkaCommittable> {
        private final CommitRequest<KafkaCommittable> request;

        VerifiedRequest(CommitRequest<KafkaCommittable> request) {
            this.request = request;
        }

        @Override
        public KafkaCommittable getCommittable() {
            return request.getCommittable();
        }

        @Override
        public int getNumberOfRetries() {
            return request.getNumberOfRetries();
        }

        @Override
        public void signalFailedWithKnownReason(Throwable reason) {
            KafkaCommittable committable = request.getCommittable();
            TransactionDescription transaction;
            try {
                transaction = describe(committable);
            } catch (IOException e) {
                e.addSuppressed(reason);
                request.signalFailedWithUnknownReason(e); // the job starts again and asks again
                return;
            }
            if (!isCommitted(transaction, committable)) {
                throw lost(committable, String.valueOf(transaction.state()), reason);
            }
            request.signalAlreadyCommitted();
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable reason) {
            request.signalFailedWithUnknownReason(reason);
        }

        @Override
        public void retryLater() {
            request.retryLater();
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable committable) {
            request.updateAndRetryLater(committable);
        }

        @Override
        public void signalAlreadyCommitted() {
            request.signalAlreadyCommitted();
        }

        /** Names the transaction alone: the client's properties hold passwords. */
        @Override
        public String toString() {
            return "commit of " + request.getCommittable().getTransactionalId();
        }
    }
}
