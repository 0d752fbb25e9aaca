package io.freshet.local.watch;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.freshet.local.audit.TopicAudit;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Counts and final scores of a run, from a {@link TopicAudit}. Scores that are undefined are null.
 *
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
        long modelVersion,
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

    /** Returns the summary of one model's run. */
    public static RunSummary of(TopicAudit audit, String modelId, double seconds) {
        MetricsEvent last = audit.last(modelId);
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
                last == null ? 0 : last.getModelVersion(),
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
