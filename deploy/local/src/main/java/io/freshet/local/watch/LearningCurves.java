package io.freshet.local.watch;

import io.freshet.schemas.MetricsEvent;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Learning curves of the models that occur in the metrics; the most recently updated is last. The
 * {@value #MAX_MODELS} most recently updated models have a curve; all are counted.
 */
public final class LearningCurves {
    private static final int MAX_MODELS = 20;

    /** Id in metrics of the dead letters whose model is unknown. */
    private static final String UNATTRIBUTED = "";

    /** Id of the model of events without one, which is the likeliest. */
    private static final String NO_MODEL_YET = "default";

    private final Map<String, LearningCurve> curves = new LinkedHashMap<>();
    private final Map<String, Long> examplesSeen = new HashMap<>();
    private final Map<String, Long> deadLetters = new HashMap<>();
    private @Nullable MetricsEvent unattributed;

    /**
     * Adds the next metrics record.
     *
     * @return the curve that has changed; null if the record has no model
     */
    public @Nullable LearningCurve add(MetricsEvent event) {
        String id = event.getModelId();
        deadLetters.put(id, event.getAudit().getDeadLetters().getCount());
        if (id.equals(UNATTRIBUTED)) {
            unattributed = event;
            curves.values().forEach(curve -> curve.add(event));
            return null;
        }
        examplesSeen.put(id, event.getExamplesSeen());
        LearningCurve known = curves.remove(id);
        LearningCurve curve = known == null ? curve(id) : known;
        curve.add(event);
        curves.put(id, curve);
        if (curves.size() > MAX_MODELS) {
            curves.remove(curves.keySet().iterator().next());
        }
        return curve;
    }

    private LearningCurve curve(String id) {
        LearningCurve curve = new LearningCurve(id);
        if (unattributed != null) {
            curve.add(unattributed);
        }
        return curve;
    }

    /** Returns the curves. */
    Collection<LearningCurve> all() {
        return Collections.unmodifiableCollection(curves.values());
    }

    /** Returns the only curve, or one without points if there is none; null if there are more. */
    @Nullable LearningCurve only() {
        return switch (curves.size()) {
            case 0 -> curve(NO_MODEL_YET);
            case 1 -> curves.values().iterator().next();
            default -> null;
        };
    }

    /** Returns the number of examples that all models have seen. */
    public long examplesSeen() {
        return sum(examplesSeen);
    }

    /** Returns the number of dead letters of all models. */
    long deadLetters() {
        return sum(deadLetters);
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(count -> count).sum();
    }
}
