package io.freshet.local;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.watch.RegistryProbe;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.WatchedTopics;
import io.freshet.registry.RegistryServer;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Job with metrics for Prometheus from both sources, Flink's reporter and the server of the
 * dashboard. Its events have every outcome.
 */
final class MonitoredJob implements AutoCloseable {
    /** Number of events with a label and a weight, which are trained on. */
    private final long numExamples;

    private final JobOnKafka job;
    private final Dashboard dashboard;
    private final ResultsReader reader;
    private final RegistryServer registry;
    private final RegistryProbe probe;
    private final URI flink;

    private MonitoredJob(
            JobOnKafka job,
            Dashboard dashboard,
            ResultsReader reader,
            RegistryServer registry,
            RegistryProbe probe,
            URI flink,
            long numExamples) {
        this.job = job;
        this.dashboard = dashboard;
        this.reader = reader;
        this.registry = registry;
        this.probe = probe;
        this.flink = flink;
        this.numExamples = numExamples;
    }

    /**
     * Starts the job with the models "one" and "two", and sends 2,000 events of which one has
     * weight 0, and a dead letter. Its results are framed by a schema registry.
     */
    static MonitoredJob start(EmbeddedKafka kafka, String name) throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, name, 4, "a,b");
        int port = freePort();
        settings.put("flink.metrics.reporters", "prom");
        settings.put(
                "flink.metrics.reporter.prom.factory.class",
                "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
        settings.put("flink.metrics.reporter.prom.port", Integer.toString(port));
        settings.put("training.experts.baselines", "true");
        settings.put("models.publish-interval", "100 ms");
        List<LabelledEvent> events = JobOnKafka.events(7, 2_000, 4, 2, "one", "two");
        LabelledEvent ignored =
                events.stream().filter(event -> event.getLabel() != null).findFirst().orElseThrow();
        ignored.setWeight(0f);
        List<byte[]> values = new ArrayList<>(events.stream().map(JobOnKafka::bytes).toList());
        values.add(new byte[] {1, 2, 3});
        RegistryServer registry = RegistryServer.start();
        settings.put("publish.format", "confluent-avro");
        settings.put("schema.registry.url", registry.url().toString());
        JobOnKafka job = JobOnKafka.start(settings);
        try {
            job.send(values);
            DashboardData data = new DashboardData();
            Dashboard dashboard = Dashboard.start(data, "localhost", Dashboard.ANY_PORT);
            ResultsReader reader =
                    ResultsReader.start(
                            job.config().kafka().client(),
                            WatchedTopics.of(job.config().publish()),
                            data);
            RegistryProbe probe = RegistryProbe.start(job.config().topics()).orElseThrow();
            data.registry(probe::outageSeconds);
            return new MonitoredJob(
                    job,
                    dashboard,
                    reader,
                    registry,
                    probe,
                    URI.create("http://localhost:" + port + "/metrics"),
                    events.stream().filter(event -> event.getLabel() != null).count() - 1);
        } catch (IOException | RuntimeException e) {
            job.close();
            registry.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    JobOnKafka job() {
        return job;
    }

    long numExamples() {
        return numExamples;
    }

    /** Waits until both sources cover all events, and a snapshot of both models. */
    void awaitAllMetrics() {
        JobOnKafka.await(
                "Flink's reporter to show every example",
                () ->
                        sum(
                                        flinkMetrics(),
                                        "flink_taskmanager_job_task_operator_freshet_model"
                                                + "_examples_seen_total")
                                == numExamples);
        JobOnKafka.await(
                "the dashboard to show every event",
                () ->
                        sum(freshetMetrics(), "freshet_events_total") == 2_001
                                && sum(freshetMetrics(), "freshet_snapshot_version") > 0);
    }

    /** Returns the page of Flink's reporter. */
    String flinkMetrics() {
        return get(flink);
    }

    /** Returns the page of the dashboard's server. */
    String freshetMetrics() {
        return get(dashboard.address().resolve("/metrics"));
    }

    private static String get(URI uri) {
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new IllegalStateException(uri + " does not answer", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the sum of all series of a metric. */
    static double sum(String page, String name) {
        Matcher matcher = Pattern.compile("(?m)^" + name + "\\{[^}]*\\} (\\S+)$").matcher(page);
        double sum = 0;
        while (matcher.find()) {
            sum += Double.parseDouble(matcher.group(1));
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        reader.close();
        probe.close();
        dashboard.close();
        job.close();
        registry.close();
    }
}
