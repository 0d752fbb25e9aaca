package io.freshet.local.chaos;

import static io.freshet.local.watch.TerminalDisplay.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Summary of a run: faults and recovery times by kind. */
final class ChaosReport {
    private final Map<String, List<Double>> secondsByKind = new TreeMap<>();
    private final List<Double> seconds = new ArrayList<>();
    private int audits;
    private int checks;

    /**
     * Adds a fault from which the job has recovered.
     *
     * @param recovery time to the next committed metrics of every model, in seconds
     */
    void recovered(String kind, double recovery) {
        secondsByKind.computeIfAbsent(kind, each -> new ArrayList<>()).add(recovery);
        seconds.add(recovery);
    }

    /**
     * Adds an audit that has proven everything.
     *
     * @param numChecks number of its checks
     */
    void proven(int numChecks) {
        audits++;
        checks += numChecks;
    }

    /** Returns the report, line by line. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(format("%-38s %6s %8s %8s %8s", "fault", "number", "median s", "p95 s", "max s"));
        secondsByKind.forEach((kind, each) -> lines.add(line(kind, each)));
        lines.add(line("all", seconds));
        lines.add(
                format(
                        "%,d audits proven with %,d checks; recovery is the time from the start of"
                                + " a fault",
                        audits, checks));
        lines.add("to committed metrics of every model that are newer than the fault");
        return lines;
    }

    private static String line(String name, List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.isEmpty()
                ? format("%-38s %6d", name, 0)
                : format(
                        "%-38s %6d %8.1f %8.1f %8.1f",
                        name,
                        sorted.size(),
                        quantile(sorted, 0.5),
                        quantile(sorted, 0.95),
                        sorted.get(sorted.size() - 1));
    }

    /** Returns the smallest value that a fraction of the values does not exceed. */
    private static double quantile(List<Double> sorted, double fraction) {
        return sorted.get(Math.max(0, (int) Math.ceil(fraction * sorted.size()) - 1));
    }
}
