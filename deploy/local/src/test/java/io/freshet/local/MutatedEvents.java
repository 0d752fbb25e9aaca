package io.freshet.local;

import io.freshet.schemas.EventReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecordBase;

/** Events as they are read from records of which a few bytes were changed at random. */
public final class MutatedEvents {
    private static final int HEADER_BYTES = 10;

    private MutatedEvents() {}

    /**
     * Changes an event many times; records that are none any more are left out.
     *
     * @param records how many records are changed
     */
    @SuppressWarnings("unchecked") // an event's class is its own
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
                // It is no event any more.
            }
        }
        return mutants;
    }
}
