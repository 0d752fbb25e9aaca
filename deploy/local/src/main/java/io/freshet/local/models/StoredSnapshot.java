package io.freshet.local.models;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whole snapshot as it is on a topic.
 *
 * @param classifier the classifier with its parameters
 * @param records its records, by chunk
 * @param bytes size of the records' values
 * @param publishedAt time of the last record; milliseconds since 1970-01-01T00:00Z
 */
public record StoredSnapshot(
        Classifier classifier, List<ModelSnapshotEvent> records, long bytes, long publishedAt) {
    public StoredSnapshot {
        records =
                records.stream()
                        .sorted(Comparator.comparingInt(ModelSnapshotEvent::getChunk))
                        .toList();
    }

    /** Returns the identity and origin of the model's version. */
    public ModelInfo info() {
        return classifier.info();
    }

    /** Returns the learning rates and baselines, with their weights. */
    public List<Expert> experts() {
        return records.get(0).getExperts();
    }

    /** Returns the other experts of an ensemble; null for linear models. */
    public @Nullable EnsembleSnapshot ensemble() {
        return records.get(0).getEnsemble();
    }

    /** Returns the parameters and what belongs to them, in new arrays. */
    public ModelContent content() {
        try {
            return ClassifierReader.content(records);
        } catch (InvalidSnapshotException e) {
            throw new IllegalStateException("the classifier was made of these records", e);
        }
    }
}
