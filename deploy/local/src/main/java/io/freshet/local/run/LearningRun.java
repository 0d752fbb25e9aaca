package io.freshet.local.run;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Run of a learning job on a {@link LocalCluster}: supervises the job while events are sent to it,
 * and passes on its metrics.
 */
public final class LearningRun implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);

    /** Task that sends events. */
    @FunctionalInterface
    public interface Sending {
        /** Sends the events, and returns when Kafka has them all. */
        void send() throws IOException;
    }

    /** Listener to a run. All methods are called by the thread that calls the run's methods. */
    public interface Listener {
        /** Receives a metrics record, in the order of the topic. */
        void onMetrics(MetricsEvent event);

        /** Called several times a second. */
        default void onPoll() {}
    }

    private final JobConfig config;
    private final LocalCluster cluster;
    private final JobSupervisor supervisor;
    private final TopicReader metrics;
    private final Listener listener;

    /**
     * @param config configuration of the job that the cluster runs
     * @param messages receives one-line messages about restarts of the job
     */
    public LearningRun(
            JobConfig config, LocalCluster cluster, Listener listener, Consumer<String> messages) {
        this.config = config;
        this.cluster = cluster;
        this.listener = listener;
        supervisor = new JobSupervisor(cluster, messages);
        metrics = new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS));
    }

    /**
     * Waits until all tasks of the job run.
     *
     * @throws JobFailedException if it fails
     */
    public void awaitRunning() throws Exception {
        supervisor.awaitRunning();
    }

    /**
     * Sends events, and waits until the job has read all events that there are then.
     *
     * @throws JobFailedException if the job fails or is stopped
     */
    public void process(Sending sending) throws Exception {
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> send(sending));
        SourceProgress progress = null;
        while (progress == null || !progress.isComplete()) {
            if (progress == null && sent.isDone()) {
                join(sent);
                progress = SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
            }
            poll();
        }
    }

    private static void send(Sending sending) {
        try {
            sending.send();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private static void join(CompletableFuture<Void> sent) throws Exception {
        try {
            sent.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /**
     * Passes on new metrics and checks the job once; waits up to 0.1 s for the first.
     *
     * @throws JobFailedException if the job fails or is stopped
     */
    public void poll() throws Exception {
        metrics.poll(POLL).forEach(this::onRecord);
        listener.onPoll();
        if (supervisor.check().isGloballyTerminalState()) {
            throw new JobFailedException("the job was stopped");
        }
    }

    /** Stops the job after it has trained on everything that it has read. */
    public void stop() throws Exception {
        cluster.stopWithDrain();
    }

    /** Passes on the metrics up to the last, after the job has stopped. */
    public void readRemainingMetrics() {
        metrics.readToEnd(this::onRecord);
    }

    private void onRecord(ConsumerRecord<byte[], byte[]> record) {
        listener.onMetrics(AuditReader.read(AuditReader.METRICS, record));
    }

    /**
     * Closes the connection, unless the process is ending: then another thread may be using it, and
     * it ends with the process.
     */
    @Override
    public void close() {
        if (!ProcessShutdown.hasBegun()) {
            metrics.close();
        }
    }
}
