package io.freshet.score;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.SnapshotCollector;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.RawMessage;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The newest published version of each model, as far as it fits the configuration. A record or a
 * snapshot that cannot be used leaves the version before in place. Not thread-safe.
 */
final class LiveModels {
    private static final EventReader<ModelSnapshotEvent> READER =
            EventReader.of(ModelSnapshotEvent.class);

    /**
     * Newest version of a model.
     *
     * @param classes names of its classes, in an array that all its predictions share
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Model(Classifier classifier, String[] classes) {}

    private final IngestConfig ingest;
    private final SnapshotCollector collector = new SnapshotCollector();
    private final Map<String, Model> newest = new HashMap<>();

    LiveModels(IngestConfig ingest) {
        this.ingest = ingest;
    }

    /** Reads a record of the topic of snapshots. */
    static ModelSnapshotEvent read(RawMessage record) throws IOException {
        return READER.read(record.value(), record.header(EventReader.SCHEMA_HEADER));
    }

    /**
     * Adds a record of a snapshot.
     *
     * @return the classifier of the snapshot if the record completes it and it is newer
     * @throws InvalidSnapshotException if the snapshot cannot be used
     */
    Optional<Classifier> add(ModelSnapshotEvent record) throws InvalidSnapshotException {
        Optional<Classifier> next = collector.add(record);
        if (next.isPresent()) {
            Classifier classifier = next.get();
            requireFits(classifier);
            String[] classes = classifier.info().classes().toArray(String[]::new);
            newest.put(record.getModelId(), new Model(classifier, classes));
        }
        return next;
    }

    private void requireFits(Classifier classifier) throws InvalidSnapshotException {
        if (classifier.numFeatures() != ingest.numFeatures()
                || classifier.isSparse() != ingest.isSparse()) {
            throw new InvalidSnapshotException(
                    "The "
                            + classifier
                            + " cannot be used: it has "
                            + describe(classifier.numFeatures(), classifier.isSparse())
                            + "; the configuration has "
                            + describe(ingest.numFeatures(), ingest.isSparse())
                            + ".");
        }
    }

    private static String describe(int numFeatures, boolean sparse) {
        return numFeatures + (sparse ? " sparse" : " dense") + " features";
    }

    /** Returns the newest version of a model; null if there is none. */
    @Nullable Model newest(String modelId) {
        return newest.get(modelId);
    }

    /** Returns the number of models. */
    int size() {
        return newest.size();
    }
}
