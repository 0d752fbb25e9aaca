package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.registry.SchemaRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Job whose messages and results are framed by a schema registry, for tests. */
final class FramedJob {
    /** Number of labelled messages. */
    static final int LABELLED = 1_800;

    private static final int MESSAGES = 2_000;
    private static final int BROKEN_SCHEMA = 0x7fff_fff0;

    /** Schema of the first half of the messages. */
    static final String VERSION_1 =
            """
            {"type": "record", "name": "Sale", "fields": [
              {"name": "price", "type": "double"},
              {"name": "sold", "type": ["null", "string"]}
            ]}
            """;

    /** A later version, with a field before the others. */
    static final String VERSION_2 =
            """
            {"type": "record", "name": "Sale", "fields": [
              {"name": "shop", "type": "string", "default": ""},
              {"name": "price", "type": "double"},
              {"name": "sold", "type": ["null", "string"]}
            ]}
            """;

    private FramedJob() {}

    /**
     * Returns the settings of the job.
     *
     * @param registry address of the registry
     */
    static Map<String, String> settings(EmbeddedKafka kafka, String name, String registry) {
        Map<String, String> settings = JobOnKafka.settings(kafka, name, 1, "no,yes");
        settings.put("source.format", "confluent-avro");
        settings.put("features", "price");
        settings.put("label", "sold");
        settings.put("publish.format", "confluent-avro");
        settings.put("schema.registry.url", registry);
        return settings;
    }

    /**
     * Runs the job to the end of a stream of messages of two versions of a schema, of which one
     * message has an unknown schema, and checks all that it has published.
     *
     * @param first id of the schema {@link #VERSION_1}
     * @param second id of the schema {@link #VERSION_2}
     */
    static void run(Map<String, String> settings, int first, int second) throws Exception {
        List<byte @Nullable []> values = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            values.add(i < MESSAGES / 2 ? sale(first, VERSION_1, i) : sale(second, VERSION_2, i));
        }
        values.add(ByteBuffer.allocate(6).putInt(1, BROKEN_SCHEMA).array());
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(values);
            TopicAudit audit = job.finish();

            assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
            assertThat(audit.examplesSeen()).isEqualTo(LABELLED);
            assertThat(audit.unlabelled().count()).isEqualTo(MESSAGES - LABELLED);
            assertThat(audit.deadLetters().count()).isEqualTo(1);
            assertThat(job.cluster().execution().restarts()).isZero();
            assertRecords(job.config());
        }
    }

    private static byte[] sale(int id, String schema, int i) throws IOException {
        Schema writer = new Schema.Parser().parse(schema);
        GenericRecord sale =
                new GenericRecordBuilder(writer)
                        .set("price", i % 7 + (i % 2 == 0 ? 5.0 : 0.0))
                        .set("sold", i % 10 == 9 ? null : i % 2 == 0 ? "yes" : "no")
                        .build();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(writer).write(sale, encoder);
        return bytes.toByteArray();
    }

    /** Decodes every record as another client does: by the schema that the registry has. */
    private static void assertRecords(JobConfig config) throws Exception {
        Map<Topic, List<GenericRecord>> events = new HashMap<>();
        try (SchemaRegistry registry = config.topics().openRegistry()) {
            for (Topic topic : Topic.values()) {
                List<GenericRecord> read = new ArrayList<>();
                events.put(topic, read);
                try (TopicReader reader =
                        new TopicReader(config.kafka().client(), config.publish().topic(topic))) {
                    reader.readToEnd(record -> read.add(decode(registry, record)));
                }
            }
        }
        assertThat(events.get(Topic.METRICS)).isNotEmpty();
        assertThat(events.get(Topic.PREDICTIONS)).hasSize(MESSAGES - LABELLED);
        assertThat(events.get(Topic.MODEL_HISTORY)).isNotEmpty();
        assertThat(events.get(Topic.MODELS)).hasSameSizeAs(events.get(Topic.MODEL_HISTORY));
        assertThat(events.get(Topic.DEAD_LETTERS))
                .singleElement()
                .satisfies(letter -> assertThat(letter.get("offset")).isEqualTo((long) MESSAGES));
    }

    private static GenericRecord decode(
            SchemaRegistry registry, ConsumerRecord<byte[], byte[]> record) {
        ByteBuffer value = ByteBuffer.wrap(record.value());
        assertThat(value.get()).isZero();
        try {
            Schema schema = registry.schema(value.getInt()).avro();
            BinaryDecoder body =
                    DecoderFactory.get()
                            .binaryDecoder(record.value(), 5, record.value().length - 5, null);
            GenericRecord event = new GenericDatumReader<GenericRecord>(schema).read(null, body);
            assertThat(body.isEnd()).isTrue();
            return event;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
