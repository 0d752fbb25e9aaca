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

/**
 * A committer of Kafka transactions that fails the job permanently if results are lost.
 *
 * <p>The connector's committer (flink-connector-kafka 5.0.0) only counts the transactions that
 * Kafka refuses to commit. Kafka refuses in two cases. A restarted job commits the transactions in
 * its checkpoint, which may have been committed before; brokers with transaction version 2 then
 * answer that the producer is fenced. And a transaction that Kafka has aborted, because the
 * recovery took longer than the transaction's timeout, is lost. This committer therefore asks the
 * broker for the state of a transaction: before the commit if it was restored from a checkpoint,
 * and after a refusal. A restart cannot recover lost results.
 */
final class VerifyingCommitter implements Committer<KafkaCommittable> {
    private final KafkaCommitter committer;
    private final Properties client;

    /**
     * @param client properties of Kafka's clients, used to query the brokers
     */
    VerifyingCommitter(KafkaCommitter committer, Properties client) {
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
     * Asks the broker whether a transaction has already been committed.
     *
     * @return false if it is still open
     * @throws SuppressRestartsException if Kafka has aborted it
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
     * Returns whether state and epoch show that the transaction was committed. A commit by
     * transaction version 2 raises the producer's epoch by one. A restored producer commits by
     * version 1 and may then initialise itself for version 2, which empties the transaction and
     * raises the epoch by one. An abort also raises it by one, and another use of the transactional
     * id by one more.
     */
    private static boolean isCommitted(
            TransactionDescription transaction, KafkaCommittable committable) {
        if (transaction.producerId() != committable.getProducerId()) {
            return false;
        }
        int raised = transaction.producerEpoch() - committable.getEpoch();
        return switch (transaction.state()) {
            case COMPLETE_COMMIT, PREPARE_COMMIT -> raised == 0 || raised == 1;
            case EMPTY -> raised == 1;
            default -> false;
        };
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
                    "Kafka did not return the state of the transaction "
                            + transactionalId
                            + ": "
                            + e.getCause(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while querying Kafka", e);
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
                                + " another job use its sink.transactional-id-prefix? Continue"
                                + " from the checkpoint before the newest one (--from with freshet"
                                + " run, -s with flink run): the lost results are then published"
                                + " again.",
                        cause));
    }

    @Override
    public void close() {
        Closeables.closeQuietly(committer, "the committer of Kafka's transactions");
    }

    /** A request that asks the broker for the transaction's state before it accepts a refusal. */
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
                request.signalFailedWithUnknownReason(e); // the job restarts and checks again
                return;
            }
            if (isCommitted(transaction, committable)) {
                request.signalAlreadyCommitted();
            } else if (isOpen(transaction, committable)) {
                request.signalFailedWithUnknownReason(reason); // as above
            } else {
                throw lost(committable, String.valueOf(transaction.state()), reason);
            }
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

        /** Contains only the transactional id: the client's properties may contain passwords. */
        @Override
        public String toString() {
            return "commit of " + request.getCommittable().getTransactionalId();
        }
    }
}
