package io.freshet.local.article;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.Topics;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.dashboard.DashboardOptions;
import io.freshet.local.evaluate.ServedModel;
import io.freshet.local.evaluate.TopicModel;
import io.freshet.local.images.ImageProgress;
import io.freshet.local.images.ImageSender;
import io.freshet.local.images.ImageStream;
import io.freshet.local.models.SnapshotFinder;
import io.freshet.local.models.StoredSnapshot;
import io.freshet.local.run.LearningRun;
import io.freshet.local.watch.ResultsReader;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Job that learns from the images, with its Flink cluster and its dashboard. */
public final class ArticleJob implements AutoCloseable {
    /** Id of the model of events without one. */
    private static final String MODEL = "default";

    private final JobConfig config;
    private final ShutdownStack open;
    private final LocalCluster cluster;
    private final Dashboard dashboard;
    private final DashboardData data;
    private final ResultsReader results;
    private final LearningRun run;
    private final List<MetricsEvent> metrics = new ArrayList<>();
    private long events;

    private ArticleJob(
            JobConfig config,
            ShutdownStack open,
            DashboardOptions dashboardOptions,
            Consumer<MetricsEvent> listener,
            Consumer<String> messages)
            throws Exception {
        this.config = config;
        this.open = open;
        data = new DashboardData();
        dashboard = open.add(dashboardOptions.start(data));
        Topics.create(config.topics(), 1);
        cluster = open.add(LocalCluster.start(config, LocalCluster.ANY_PORT));
        results = open.add(ResultsReader.start(config.topics(), data));
        run =
                open.add(
                        new LearningRun(
                                config,
                                cluster,
                                event -> {
                                    metrics.add(event);
                                    listener.accept(event);
                                },
                                messages));
        run.awaitRunning();
    }

    /**
     * Starts a job, and creates its topics.
     *
     * @param listener receives the metrics records in their order
     * @param messages receives one-line messages about restarts
     */
    public static ArticleJob start(
            Map<String, String> settings,
            DashboardOptions dashboardOptions,
            Consumer<MetricsEvent> listener,
            Consumer<String> messages)
            throws Exception {
        ShutdownStack open = new ShutdownStack();
        try {
            return new ArticleJob(
                    JobConfig.parse(settings), open, dashboardOptions, listener, messages);
        } catch (Exception e) {
            open.close();
            throw e;
        }
    }

    /** Returns the address of Flink's web UI. */
    public URI flink() {
        return cluster.webPage();
    }

    /** Returns the address of the dashboard. */
    public URI dashboard() {
        return dashboard.address();
    }

    /**
     * Sends images to the job's topic, and waits until the job has read them.
     *
     * @param progress receives the progress
     */
    public void send(ImageStream images, ImageProgress progress) throws Exception {
        ImageSender sender =
                open.add(
                        ImageSender.open(
                                config.kafka().client(),
                                config.kafka().labelledEvents(),
                                images.name(),
                                true));
        run.process(() -> sender.send(images, progress));
        progress.end();
        events += progress.sent();
    }

    /** Waits until the job has read the events that its topic has, and has published its model. */
    public void learn(long allEvents) throws Exception {
        run.process(() -> {});
        events = allEvents;
        while (!hasAnswered(allEvents)) {
            run.poll();
        }
        if (accepted() == 0) {
            return;
        }
        SnapshotFinder finder = new SnapshotFinder(config.topics(), MODEL);
        StoredSnapshot newest = finder.newest();
        while (newest == null || newest.info().examplesSeen() < lastMetrics().getExamplesSeen()) {
            run.poll();
            newest = finder.newest();
        }
    }

    /** Returns the number of events that the job has trained on. */
    public long accepted() {
        return metrics.isEmpty() ? 0 : lastMetrics().getExamplesSeen();
    }

    /** Returns whether the metrics account for a number of events. */
    private boolean hasAnswered(long number) {
        if (metrics.isEmpty()) {
            return false;
        }
        Audit audit = lastMetrics().getAudit();
        return audit.getAccepted().getCount()
                        + audit.getIgnored().getCount()
                        + audit.getDeadLetters().getCount()
                >= number;
    }

    /** Returns the number of events that the job has read. */
    public long events() {
        return events;
    }

    /** Stops the job after it has trained on everything that it has read. */
    public void stop() throws Exception {
        run.stop();
        run.readRemainingMetrics();
        data.stopped(System.currentTimeMillis());
    }

    /** Returns the newest published model. */
    public ServedModel model() throws Exception {
        return new TopicModel(
                new SnapshotFinder(config.topics(), MODEL).find(null),
                config.publish().topic(Topic.MODELS));
    }

    /** Returns the newest metrics record. */
    public MetricsEvent lastMetrics() {
        return metrics.get(metrics.size() - 1);
    }

    /** Returns the metrics records so far. */
    public List<MetricsEvent> metrics() {
        return List.copyOf(metrics);
    }

    /** Returns the drift alerts so far. */
    public List<DriftAlertEvent> driftAlerts() {
        List<DriftAlertEvent> alerts = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.DRIFT_ALERTS))) {
            reader.readToEnd(
                    record -> alerts.add(AuditReader.read(AuditReader.DRIFT_ALERTS, record)));
        }
        return alerts;
    }

    /** Waits until the process is told to end, while the dashboard stays. */
    public void awaitEnd() throws Exception {
        results.awaitEnd();
    }

    @Override
    public void close() throws IOException {
        open.close();
    }
}
