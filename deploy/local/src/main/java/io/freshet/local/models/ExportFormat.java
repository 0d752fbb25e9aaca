package io.freshet.local.models;

import io.freshet.classifier.SnapshotFile;
import io.freshet.publish.Publisher;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Format of an exported model. */
@SuppressWarnings("ImmutableEnumChecker") // writers have no state
public enum ExportFormat {
    /** Avro file of the snapshot's records. */
    AVRO((snapshot, file) -> SnapshotFile.write(snapshot.records(), file)),

    /** ONNX, of a dense model. */
    ONNX(
            (snapshot, file) -> {
                try (OutputStream out = Files.newOutputStream(file)) {
                    OnnxWriter.write(snapshot.content(), Publisher.jobVersion(), out);
                }
            }),

    /** NumPy's arrays. */
    NPZ(
            (snapshot, file) -> {
                try (OutputStream out = Files.newOutputStream(file)) {
                    NpzWriter.write(snapshot.content(), out);
                }
            }),

    /** JSON with a published schema. */
    JSON(
            (snapshot, file) -> {
                try (OutputStream out = Files.newOutputStream(file)) {
                    JsonWriter.write(snapshot.content(), out);
                }
            });

    /** Writer of a snapshot to a file. */
    private interface Writer {
        void write(StoredSnapshot snapshot, Path file) throws IOException;
    }

    private final Writer writer;

    ExportFormat(Writer writer) {
        this.writer = writer;
    }

    /**
     * Writes a snapshot. An existing file is replaced only once the new one is whole.
     *
     * @throws IllegalArgumentException if the format does not have such models
     */
    public void write(StoredSnapshot snapshot, Path file) throws IOException {
        Path whole = file.toAbsolutePath();
        Path part = whole.resolveSibling(whole.getFileName() + ".part");
        try {
            writer.write(snapshot, part);
            Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
