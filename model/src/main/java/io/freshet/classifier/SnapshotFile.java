package io.freshet.classifier;

import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.io.DatumReader;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * File of one snapshot: an Avro object container file with the snapshot's records, which any Avro
 * library reads. It has the schema that its records were written with.
 */
public final class SnapshotFile {
    private SnapshotFile() {}

    /**
     * Reads the records of a file.
     *
     * @throws InvalidSnapshotException if it is not an Avro file of snapshot records
     * @throws IOException if the file cannot be read
     */
    public static List<ModelSnapshotEvent> read(Path file) throws IOException {
        if (!file.toFile().canRead()) {
            throw new IOException(file + " cannot be read");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        }
    }

    /**
     * Reads the records of a file from a stream.
     *
     * @param name name of the file, for messages
     * @throws InvalidSnapshotException if it is not an Avro file of snapshot records
     */
    public static List<ModelSnapshotEvent> read(InputStream in, String name)
            throws InvalidSnapshotException {
        DatumReader<ModelSnapshotEvent> reader =
                new SpecificDatumReader<>(
                        ModelSnapshotEvent.getClassSchema(),
                        ModelSnapshotEvent.getClassSchema(),
                        SpecificData.getForClass(ModelSnapshotEvent.class));
        List<ModelSnapshotEvent> records = new ArrayList<>();
        try (DataFileStream<ModelSnapshotEvent> snapshot = new DataFileStream<>(in, reader)) {
            snapshot.forEach(records::add);
        } catch (IOException | RuntimeException e) {
            throw new InvalidSnapshotException(
                    name + " is not a whole Avro file of snapshot records", e);
        }
        return records;
    }

    /** Writes the records of a snapshot to a file. */
    public static void write(List<ModelSnapshotEvent> records, Path file) throws IOException {
        SpecificDatumWriter<ModelSnapshotEvent> writer =
                new SpecificDatumWriter<>(
                        ModelSnapshotEvent.getClassSchema(),
                        SpecificData.getForClass(ModelSnapshotEvent.class));
        try (DataFileWriter<ModelSnapshotEvent> out = new DataFileWriter<>(writer)) {
            out.setCodec(CodecFactory.deflateCodec(CodecFactory.DEFAULT_DEFLATE_LEVEL));
            out.create(ModelSnapshotEvent.getClassSchema(), file.toFile());
            for (ModelSnapshotEvent record : records) {
                out.append(record);
            }
        }
    }
}
