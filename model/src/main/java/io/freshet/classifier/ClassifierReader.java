package io.freshet.classifier;

import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Reader of {@link Classifier}s, and of their content, from snapshots. */
public final class ClassifierReader {
    private ClassifierReader() {}

    /**
     * Makes a classifier of the records of one snapshot.
     *
     * @param records all records of the snapshot, in any order
     * @throws InvalidSnapshotException if they are not one whole snapshot
     */
    public static Classifier of(List<ModelSnapshotEvent> records) throws InvalidSnapshotException {
        return content(records).classifier();
    }

    /**
     * Returns the content of the records of one snapshot.
     *
     * @param records all records of the snapshot, in any order
     * @throws InvalidSnapshotException if they are not one whole snapshot
     */
    public static ModelContent content(List<ModelSnapshotEvent> records)
            throws InvalidSnapshotException {
        if (records.isEmpty()) {
            throw new InvalidSnapshotException("A snapshot has at least one record.");
        }
        SnapshotAssembly assembly = new SnapshotAssembly(records.get(0));
        for (ModelSnapshotEvent record : records) {
            assembly.add(record);
        }
        return assembly.content();
    }

    /**
     * Reads a classifier from a {@link SnapshotFile}.
     *
     * @throws InvalidSnapshotException if the file is not one whole snapshot
     * @throws IOException if the file cannot be read
     */
    public static Classifier read(Path file) throws IOException {
        return of(SnapshotFile.read(file));
    }
}
