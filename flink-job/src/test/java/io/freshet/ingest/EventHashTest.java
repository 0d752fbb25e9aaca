package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;

class EventHashTest {
    @Test
    void library_computesXxh64() {
        // Test vector of the xxHash specification: XXH64 of no bytes with seed 0.
        assertThat(XXHashFactory.fastestJavaInstance().hash64().hash(new byte[0], 0, 0, 0))
                .isEqualTo(0xEF46DB3751D8E999L);
    }

    @Test
    void hash_isXxh64OfTopicZeroPartitionAndOffset() throws IOException {
        EventHash hash = new EventHash();

        for (String topic : new String[] {"labelled-events", "données"}) {
            for (int partition : new int[] {0, 1, 0x01020304}) {
                for (long offset : new long[] {0, 1, 0x0102030405060708L}) {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    DataOutputStream data = new DataOutputStream(bytes);
                    data.write(topic.getBytes(StandardCharsets.UTF_8));
                    data.writeByte(0);
                    data.writeInt(partition);
                    data.writeLong(offset);
                    assertThat(hash.of(topic, partition, offset))
                            .isEqualTo(
                                    XXHashFactory.safeInstance()
                                            .hash64()
                                            .hash(bytes.toByteArray(), 0, bytes.size(), 0));
                }
            }
        }
    }
}
