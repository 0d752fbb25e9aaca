package io.freshet.local.watch;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the metrics of one model have told so far, of the last records at least. */
public final class LearningCurve {
    private static final int KEPT = 10_000;

    private final String modelId;
    private final List<Double> loss = new ArrayList<>();
    private final List<Double> accuracy = new ArrayList<>();
    private final List<Double> noChange = new ArrayList<>();
    private final List<Double> majority = new ArrayList<>();
    private @Nullable MetricsEvent last;
    private long deadLettersElsewhere;

    public LearningCurve(String modelId) {
        this.modelId = modelId;
    }

    /** Takes the next record of any model. */
    public void add(MetricsEvent event) {
        if (!event.getModelId().equals(modelId)) {
            deadLettersElsewhere = event.getAudit().getDeadLetters().getCount();
            return;
        }
        last = event;
        Scores rolling = event.getRolling();
        if (rolling.getLoss() != null && rolling.getAccuracy() != null) {
            loss.add(rolling.getLoss());
            accuracy.add(rolling.getAccuracy());
            noChange.add(orZero(rolling.getNoChangeAccuracy()));
            majority.add(orZero(rolling.getMajorityAccuracy()));
        }
        if (loss.size() == 2 * KEPT) {
            for (List<Double> figures : List.of(loss, accuracy, noChange, majority)) {
                figures.subList(0, KEPT).clear();
            }
        }
    }

    String modelId() {
        return modelId;
    }

    private static double orZero(@Nullable Double value) {
        return value == null ? 0 : value;
    }

    /** The model's newest record. */
    public @Nullable MetricsEvent last() {
        return last;
    }

    /** Rolling loss, oldest first, nats. */
    List<Double> loss() {
        return loss;
    }

    /** Rolling accuracy, oldest first. */
    List<Double> accuracy() {
        return accuracy;
    }

    /** Rolling accuracy of repeating the last label, oldest first. */
    List<Double> noChange() {
        return noChange;
    }

    /** Rolling accuracy of the most frequent label, oldest first. */
    List<Double> majority() {
        return majority;
    }

    /** Dead letters of the model, and of those that could not be told. */
    long deadLetters() {
        MetricsEvent newest = last;
        return deadLettersElsewhere
                + (newest == null ? 0 : newest.getAudit().getDeadLetters().getCount());
    }
}
