package io.freshet.local;

import io.freshet.local.cluster.EmbeddedKafka;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Program that runs a job and writes what Prometheus would scrape from it: {@code freshet.txt} from
 * the server of the dashboard, {@code flink.txt} from Flink's reporter. The script {@code
 * deploy/prometheus/check} runs it.
 */
final class PrometheusCheck {
    private PrometheusCheck() {}

    /**
     * Runs the program.
     *
     * @param args directory to write to
     */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                MonitoredJob job = MonitoredJob.start(kafka, "check")) {
            job.awaitAllMetrics();
            Files.writeString(directory.resolve("freshet.txt"), job.freshetMetrics());
            Files.writeString(directory.resolve("flink.txt"), job.flinkMetrics());
        }
    }
}
