package io.freshet.local.article;

import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.evaluate.EvaluationScores;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reports of the walk-through for a terminal of 80 columns. */
public final class ArticleReport {
    private static final String ROW = "  %-36s %18s %20s";

    private ArticleReport() {}

    /**
     * Returns the figures of the two jobs on the same images.
     *
     * @param article last metrics of the job with the article's settings
     * @param defaults last metrics of the job with Freshet's defaults
     * @param articleTest scores of the first job's model on the test images
     * @param defaultsTest scores of the second job's model on them
     */
    public static List<String> comparison(
            MetricsEvent article,
            MetricsEvent defaults,
            EvaluationScores articleTest,
            EvaluationScores defaultsTest) {
        return List.of(
                format(ROW, "", "article's settings", "Freshet's defaults"),
                row(
                        "stream, scored first: loss, nats",
                        article.getPrequential().getLoss(),
                        defaults.getPrequential().getLoss()),
                row(
                        "stream, scored first: accuracy",
                        article.getPrequential().getAccuracy(),
                        defaults.getPrequential().getAccuracy()),
                row("test images: loss, nats", articleTest.loss(), defaultsTest.loss()),
                row("test images: accuracy", articleTest.accuracy(), defaultsTest.accuracy()));
    }

    private static String row(String name, @Nullable Double article, @Nullable Double defaults) {
        return format(ROW, name, figure(article), figure(defaults));
    }

    private static String figure(@Nullable Double value) {
        return value == null || value.isNaN() ? "–" : format("%.4f", value);
    }

    /**
     * Returns what the metrics and the alerts show of a change of the images.
     *
     * @param metrics metrics records of the job, in their order
     * @param alerts drift alerts of the job, in their order
     * @param changedAfter number of images before the change
     * @param before scores on changed test images of the model at the change
     * @param after scores on them of the last model
     */
    public static List<String> change(
            List<MetricsEvent> metrics,
            List<DriftAlertEvent> alerts,
            long changedAfter,
            EvaluationScores before,
            EvaluationScores after) {
        List<String> lines = new ArrayList<>();
        lines.add(
                format(
                        "  loss of the last %,d images, nats",
                        metrics.get(metrics.size() - 1).getWindowSize()));
        metrics.stream()
                .filter(event -> event.getExamplesSeen() <= changedAfter)
                .reduce((first, second) -> second)
                .ifPresent(event -> lines.add(lossLine("before the change", event)));
        // A window with images from before the change would hide a part of it.
        metrics.stream()
                .filter(event -> event.getExamplesSeen() - changedAfter >= event.getWindowSize())
                .filter(event -> event.getRolling().getLoss() != null)
                .max(Comparator.comparingDouble(event -> event.getRolling().getLoss()))
                .ifPresent(
                        event ->
                                lines.add(
                                        lossLine(
                                                format(
                                                        "largest, %,d images after it",
                                                        event.getExamplesSeen() - changedAfter),
                                                event)));
        MetricsEvent last = metrics.get(metrics.size() - 1);
        lines.add(lossLine("at the end", last));
        if (last.getExamplesSeen() - changedAfter < last.getWindowSize()) {
            lines.add("    (with images from before the change)");
        }
        lines.add("");
        lines.add(
                alerts.stream()
                        .filter(alert -> alert.getExamplesSeen() > changedAfter)
                        .findFirst()
                        .map(alert -> alertLine(alert, changedAfter))
                        .orElse("  no drift was detected after the change"));
        lines.add("");
        lines.add("  accuracy on changed test images");
        lines.add(format("    %-40s %10s", "before the change", figure(before.accuracy())));
        lines.add(format("    %-40s %10s", "at the end", figure(after.accuracy())));
        return lines;
    }

    private static String lossLine(String name, MetricsEvent event) {
        return format("    %-40s %10s", name, figure(event.getRolling().getLoss()));
    }

    private static String alertLine(DriftAlertEvent alert, long changedAfter) {
        return format(
                "  drift detected %,d images after the change, by %s on the %s",
                alert.getExamplesSeen() - changedAfter, alert.getDetector(), alert.getSignal());
    }
}
