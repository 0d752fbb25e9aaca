package io.freshet.local;

import io.freshet.schemas.EventReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecordBase;

/** Events decoded from records in which a few bytes were changed at random. */
public final class MutatedEvents {
    private static final int HEADER_BYTES = 10;

    private MutatedEvents() {}

    /**
     * Returns the events that can still be decoded from randomly changed records of one event.
     *
     * @param records number of records to change
     */
    @SuppressWarnings("unchecked") // the decoded event has the class of the original
    public static <T extends SpecificRecordBase> List<T> of(T event, long seed, int records)
            throws IOException {
        ByteBuffer encoded =
                new BinaryMessageEncoder<SpecificRecordBase>(
                                event.getSpecificData(), event.getSchema())
                        .encode(event);
        EventReader<T> reader = EventReader.of((Class<T>) event.getClass());
        Random random = new Random(seed);
        List<T> mutants = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            byte[] record = new byte[encoded.remaining()];
            encoded.duplicate().get(record);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = HEADER_BYTES + random.nextInt(record.length - HEADER_BYTES);
                record[at] = (byte) random.nextInt(256);
            }
            try {
                mutants.add(reader.read(record));
            } catch (IOException e) {
                // This record is no longer valid.
            }
        }
        return mutants;
    }
}
