package io.freshet.pipeline;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;

/** Hands the connector's committer requests that do not keep a failure to themselves. */
@SuppressWarnings("try") // Flink's own committers may be interrupted while they close
record LoudCommitter(Committer<KafkaCommittable> committer, Properties client)
        implements Committer<KafkaCommittable> {
    @Override
    public void commit(Collection<CommitRequest<KafkaCommittable>> requests)
            throws IOException, InterruptedException {
        committer.commit(
                requests.stream()
                        .<CommitRequest<KafkaCommittable>>map(
                                request -> new LoudRequest(request, client))
                        .toList());
    }

    @Override
    public void close() throws Exception {
        committer.close();
    }

    private record LoudRequest(Committer.CommitRequest<KafkaCommittable> request, Properties client)
            implements Committer.CommitRequest<KafkaCommittable> {
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
            TransactionDescription transaction = describe(committable.getTransactionalId());
            if (wasCommitted(transaction, committable)) {
                request.signalAlreadyCommitted();
                return;
            }
            throw new IllegalStateException(
                    "Kafka did not commit the transaction "
                            + committable.getTransactionalId()
                            + " ("
                            + transaction.state()
                            + "): results that a checkpoint counts as written are lost. Was the job"
                            + " down for longer than sink.transaction-timeout, or does another job"
                            + " use its sink.transactional-id-prefix? Restore an older checkpoint,"
                            + " or start anew.",
                    reason);
        }

        /**
         * A commit by version 2 raises the producer's epoch by one; another use would raise it
         * more.
         */
        private static boolean wasCommitted(
                TransactionDescription transaction, KafkaCommittable committable) {
            boolean committed =
                    transaction.state() == TransactionState.COMPLETE_COMMIT
                            || transaction.state() == TransactionState.PREPARE_COMMIT;
            int raised = transaction.producerEpoch() - committable.getEpoch();
            return committed
                    && transaction.producerId() == committable.getProducerId()
                    && (raised == 0 || raised == 1);
        }

        private TransactionDescription describe(String transactionalId) {
            try (Admin admin = Admin.create(client)) {
                return admin.describeTransactions(List.of(transactionalId))
                        .description(transactionalId)
                        .get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(
                        "Kafka refused to commit the transaction "
                                + transactionalId
                                + " and does not tell what became of it",
                        e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while asking Kafka", e);
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
    }
}
