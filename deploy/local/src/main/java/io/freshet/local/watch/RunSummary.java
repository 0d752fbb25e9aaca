package io.freshet.local.watch;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.freshet.local.audit.TopicAudit;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts and final scores of a run, from a {@link TopicAudit}. Scores that are undefined are null,
 * and so are all where there are several models.
 *
 * @param models scores of each model
 * @param digest digest of the accepted events, in hexadecimal
 * @param loss prequential loss over the whole stream, in nats; {@code accuracy}, the kappas and the
 *     baselines' accuracies are over the whole stream too
 * @param rollingLoss loss over the last {@code metrics.window-size} examples, in nats; {@code
 *     rollingAccuracy} likewise
 * @param seconds time from the first event sent to the last result committed
 */
@JsonPropertyOrder({
    "events",
    "accepted",
    "unlabelled",
    "ignored",
    "deadLetters",
    "examplesSeen",
    "digest",
    "models",
    "modelVersion",
    "loss",
    "accuracy",
    "kappa",
    "kappaTemporal",
    "rollingLoss",
    "rollingAccuracy",
    "noChangeAccuracy",
    "majorityAccuracy",
    "seconds",
    "eventsPerSecond"
})
public record RunSummary(
        long events,
        long accepted,
        long unlabelled,
        long ignored,
        long deadLetters,
        long examplesSeen,
        String digest,
        Map<String, ModelScores> models,
        @Nullable Long modelVersion,
        @Nullable Double loss,
        @Nullable Double accuracy,
        @Nullable Double kappa,
        @Nullable Double kappaTemporal,
        @Nullable Double rollingLoss,
        @Nullable Double rollingAccuracy,
        @Nullable Double noChangeAccuracy,
        @Nullable Double majorityAccuracy,
        double seconds,
        double eventsPerSecond) {

    /**
     * Counts and final scores of one model.
     *
     * @param loss prequential loss over the whole stream, in nats; the others likewise
     */
    public record ModelScores(
            long examplesSeen,
            long modelVersion,
            @Nullable Double loss,
            @Nullable Double accuracy,
            @Nullable Double kappa,
            @Nullable Double noChangeAccuracy,
            @Nullable Double majorityAccuracy) {
        private static ModelScores of(MetricsEvent event) {
            Scores all = event.getPrequential();
            return new ModelScores(
                    event.getExamplesSeen(),
                    event.getModelVersion(),
                    all.getLoss(),
                    all.getAccuracy(),
                    all.getKappa(),
                    all.getNoChangeAccuracy(),
                    all.getMajorityAccuracy());
        }
    }

    /** Returns the summary of a run. */
    public static RunSummary of(TopicAudit audit, double seconds) {
        Map<String, ModelScores> models = new LinkedHashMap<>();
        for (String id : audit.models()) {
            MetricsEvent event = audit.last(id);
            if (event != null) {
                models.put(id, ModelScores.of(event));
            }
        }
        MetricsEvent last = audit.onlyModel();
        Scores all = last == null ? null : last.getPrequential();
        Scores rolling = last == null ? null : last.getRolling();
        return new RunSummary(
                audit.events(),
                audit.accepted().count(),
                audit.unlabelled().count(),
                audit.ignored().count(),
                audit.deadLetters().count(),
                audit.examplesSeen(),
                TerminalDisplay.format("%016x", audit.accepted().digest()),
                models,
                last != null ? Long.valueOf(last.getModelVersion()) : models.isEmpty() ? 0L : null,
                all == null ? null : all.getLoss(),
                all == null ? null : all.getAccuracy(),
                all == null ? null : all.getKappa(),
                all == null ? null : all.getKappaTemporal(),
                rolling == null ? null : rolling.getLoss(),
                rolling == null ? null : rolling.getAccuracy(),
                all == null ? null : all.getNoChangeAccuracy(),
                all == null ? null : all.getMajorityAccuracy(),
                seconds,
                audit.events() / seconds);
    }

    /** Writes the summary to a file, as one JSON object. */
    public void write(Path file) throws IOException {
        new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(file.toFile(), this);
    }
}
