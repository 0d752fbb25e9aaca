package io.freshet.local;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.Directories;
import io.freshet.local.watch.TerminalDisplay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Program that takes a job's broker down under load, once for each duration given, and prints the
 * recovery times.
 */
final class OutageCheck {
    private OutageCheck() {}

    /**
     * Runs the outages; fails if an event is lost or counted twice, or if the job does not recover.
     */
    public static void main(String[] seconds) throws Exception {
        Path directory = Files.createTempDirectory("freshet-outage-");
        try (RunningJob job = RunningJob.start(directory, Map.of())) {
            System.out.println("outage, s   until the next committed metrics, s");
            job.secondsToTheNextMetrics();
            for (String outage : seconds) {
                job.broker().outage(Long.parseLong(outage));
                System.out.println(
                        TerminalDisplay.format(
                                "%9s   %.1f", outage, job.secondsToTheNextMetrics()));
            }
            TopicAudit audit = job.finish();
            audit.checks()
                    .forEach(
                            check ->
                                    System.out.println(
                                            "  " + check.name() + ": " + check.detail()));
            System.out.println("output of the job:");
            job.process().output().lines().forEach(line -> System.out.println("  " + line));
        } finally {
            Directories.delete(directory);
        }
    }
}
