package io.freshet.pipeline;

import io.freshet.publish.JobIdentity;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Serializer of a {@link SourceState}.
 *
 * <p>Its versions begin at {@value #VERSION}. Lower versions are those of the Kafka source's own
 * serializer, in whose format older releases wrote the state.
 */
final class SourceStateSerializer implements SimpleVersionedSerializer<SourceState> {
    static final int VERSION = 1000;

    private final SimpleVersionedSerializer<KafkaSourceEnumState> kafka;

    /**
     * @param kafka serializer of the Kafka source's enumerator
     */
    SourceStateSerializer(SimpleVersionedSerializer<KafkaSourceEnumState> kafka) {
        this.kafka = kafka;
    }

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(SourceState state) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        write(SimpleVersionedSerialization.writeVersionAndSerialize(kafka, state.kafka()), out);
        SavedJob job = state.job();
        out.writeBoolean(job != null);
        if (job != null) {
            writeText(job.identity().name(), out);
            out.writeLong(job.identity().epoch());
            writeTexts(job.identity().topicIds(), out);
            writeTexts(job.settings(), out);
        }
        return bytes.toByteArray();
    }

    @Override
    public SourceState deserialize(int version, byte[] serialized) throws IOException {
        if (version < VERSION) {
            return new SourceState(kafka.deserialize(version, serialized), null);
        }
        if (version > VERSION) {
            throw new IOException(
                    "the state of the source has version "
                            + version
                            + ", which a later release wrote; this release reads up to "
                            + VERSION);
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
        KafkaSourceEnumState splits =
                SimpleVersionedSerialization.readVersionAndDeSerialize(kafka, read(in));
        return new SourceState(splits, in.readBoolean() ? readJob(in) : null);
    }

    private static SavedJob readJob(DataInputStream in) throws IOException {
        String name = readText(in);
        long epoch = in.readLong();
        Map<String, String> topicIds = readTexts(in);
        return new SavedJob(new JobIdentity(name, epoch, topicIds), readTexts(in));
    }

    private static void writeTexts(Map<String, String> texts, DataOutputStream out)
            throws IOException {
        out.writeInt(texts.size());
        for (Map.Entry<String, String> text : new TreeMap<>(texts).entrySet()) {
            writeText(text.getKey(), out);
            writeText(text.getValue(), out);
        }
    }

    private static Map<String, String> readTexts(DataInputStream in) throws IOException {
        Map<String, String> texts = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            String key = readText(in);
            texts.put(key, readText(in));
        }
        return texts;
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        write(text.getBytes(StandardCharsets.UTF_8), out);
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(read(in), StandardCharsets.UTF_8);
    }

    private static void write(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] read(DataInputStream in) throws IOException {
        return in.readNBytes(in.readInt());
    }
}
