package io.freshet.follow;

import io.freshet.classifier.Classifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The newest versions of each model, at most a given number. Reads take no lock. */
final class ModelVersions {
    private final int kept;

    /** Immutable lists, newest first. */
    private final Map<String, List<Classifier>> models = new ConcurrentHashMap<>();

    ModelVersions(int kept) {
        this.kept = kept;
    }

    /** Adds the newest version of its model; it replaces one of the same number. */
    void add(Classifier newest) {
        long version = newest.info().version();
        List<Classifier> versions = new ArrayList<>();
        versions.add(newest);
        for (Classifier older : of(newest.info().modelId())) {
            if (versions.size() < kept && older.info().version() != version) {
                versions.add(older);
            }
        }
        models.put(newest.info().modelId(), List.copyOf(versions));
    }

    void remove(String modelId) {
        models.remove(modelId);
    }

    Set<String> modelIds() {
        return Set.copyOf(models.keySet());
    }

    /** Returns the versions of a model, newest first; empty if there is none. */
    List<Classifier> of(String modelId) {
        return models.getOrDefault(modelId, List.of());
    }
}
