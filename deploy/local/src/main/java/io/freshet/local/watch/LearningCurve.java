package io.freshet.local.watch;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Learning curve of one model: its rolling scores over its latest metrics records. */
public final class LearningCurve {
    private static final int MAX_POINTS = 10_000;

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

    /** Adds the next metrics record. Of other models' records, only dead letters are counted. */
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
        if (loss.size() == 2 * MAX_POINTS) {
            for (List<Double> figures : List.of(loss, accuracy, noChange, majority)) {
                figures.subList(0, MAX_POINTS).clear();
            }
        }
    }

    String modelId() {
        return modelId;
    }

    private static double orZero(@Nullable Double value) {
        return value == null ? 0 : value;
    }

    /** Returns the model's newest metrics record; null if there is none. */
    public @Nullable MetricsEvent last() {
        return last;
    }

    /** Returns the rolling losses in nats, oldest first. */
    List<Double> loss() {
        return loss;
    }

    /** Returns the rolling accuracies, oldest first. */
    List<Double> accuracy() {
        return accuracy;
    }

    /** Returns the rolling accuracies of the no-change baseline, oldest first. */
    List<Double> noChange() {
        return noChange;
    }

    /** Returns the rolling accuracies of the majority baseline, oldest first. */
    List<Double> majority() {
        return majority;
    }

    /** Returns the dead letters of the model, and of messages whose model is unknown. */
    long deadLetters() {
        MetricsEvent newest = last;
        return deadLettersElsewhere
                + (newest == null ? 0 : newest.getAudit().getDeadLetters().getCount());
    }
}
