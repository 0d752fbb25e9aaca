package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.SparseFeatures;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Integration test of invalid messages among valid ones: the job continues, and each becomes a dead
 * letter with its bytes.
 */
class BadInputITCase {
    @Test
    void badMessages_becomeDeadLetters_byteForByte_andTheJobRunsOn() throws Exception {
        run("bad", Map.of("label.ignore-index", "-100"), badMessages(), List.of());
    }

    @Test
    void badProbabilities_becomeDeadLetters_byteForByte_andTheJobRunsOn() throws Exception {
        run(
                "targets",
                Map.of("label.type", "probabilities"),
                badProbabilities(),
                List.of(0.25f, 0.75f));
    }

    @Test
    void badLabelsOfSeveralClasses_becomeDeadLetters_byteForByte_andTheJobRunsOn()
            throws Exception {
        Map<String, byte @Nullable []> bad = badProbabilities();
        bad.remove("TARGETS_DO_NOT_SUM_TO_ONE"); // not required of these labels
        run(
                "several",
                Map.of(
                        "label.type",
                        "multi-label",
                        "training.loss",
                        "bce-with-logits",
                        "training.learning-rate",
                        "0.1"),
                bad,
                List.of(0.5f, 0.25f));
    }

    /**
     * @param target valid label with one value for each class, given to every third valid event;
     *     empty for none
     */
    private static void run(
            String name,
            Map<String, String> labels,
            Map<String, byte @Nullable []> bad,
            List<Float> target)
            throws Exception {
        List<LabelledEvent> good = JobOnKafka.events(5, 3_000, 3, 2, "good");
        Map<Long, String> expected = new LinkedHashMap<>();
        List<byte @Nullable []> values = new ArrayList<>();
        int toIgnore = 0;
        List<Map.Entry<String, byte @Nullable []>> mixed = new ArrayList<>();
        for (int round = 0; round < 5; round++) {
            mixed.addAll(bad.entrySet());
        }
        int next = 0;
        for (int i = 0; i < good.size(); i++) {
            if (i % 3 == 0 && !target.isEmpty()) {
                good.get(i).setLabel(target);
            }
            values.add(JobOnKafka.bytes(good.get(i)));
            if (i % 20 == 0 && next < mixed.size()) {
                expected.put((long) values.size(), mixed.get(next).getKey());
                values.add(mixed.get(next++).getValue());
            }
            if (i % 100 == 0 && labels.containsKey("label.ignore-index")) {
                values.add(with(e -> e.setLabel(-100)));
                toIgnore++;
            }
        }
        assertThat(next).isEqualTo(mixed.size());

        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            Map<String, String> settings = JobOnKafka.settings(kafka, name, 3, "no,yes");
            settings.putAll(labels);
            settings.put("models.allowed", "good," + "x".repeat(1_048_000));
            try (JobOnKafka job = JobOnKafka.start(settings)) {
                job.send(values);
                TopicAudit audit = job.finish();

                assertThat(audit.checks()).allMatch(TopicAudit.Check::holds);
                assertThat(audit.events()).isEqualTo(values.size());
                assertThat(audit.deadLetters().count()).isEqualTo(mixed.size());
                assertThat(audit.ignored().count()).isEqualTo(toIgnore);
                assertThat(job.cluster().execution().restarts()).isZero();
                Map<Long, String> reasons = new TreeMap<>();
                try (TopicReader reader =
                        new TopicReader(
                                job.config().kafka().client(),
                                job.config().publish().topic(Topic.DEAD_LETTERS))) {
                    reader.readToEnd(
                            record -> {
                                DeadLetterEvent letter =
                                        AuditReader.read(AuditReader.DEAD_LETTERS, record);
                                reasons.put(letter.getOffset(), letter.getReason());
                                assertThat(bytes(letter.getValue()))
                                        .isEqualTo(values.get((int) letter.getOffset()));
                            });
                }
                assertThat(reasons).isEqualTo(new TreeMap<>(expected));
            }
        }
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /**
     * Returns one invalid message for each reason that applies to labels of one class, by the
     * reason's name.
     */
    private static Map<String, byte @Nullable []> badMessages() {
        byte[] event = JobOnKafka.bytes(event());
        byte[] random = new byte[100];
        new Random(9).nextBytes(random);
        byte[] unknownSchema = event.clone();
        unknownSchema[4] ^= 1;
        Map<String, byte @Nullable []> bad = new LinkedHashMap<>();
        bad.put("NULL_VALUE", null);
        bad.put("EMPTY_VALUE", new byte[0]);
        // Almost as large as the topic allows: its dead letter is larger than that.
        bad.put("MODEL_ID_TOO_LONG", with(e -> e.setModelId("x".repeat(1_048_000))));
        bad.put("NOT_SINGLE_OBJECT", random);
        bad.put("UNKNOWN_SCHEMA", unknownSchema);
        bad.put("TRUNCATED", Arrays.copyOf(event, event.length - 3));
        bad.put("TRAILING_BYTES", Arrays.copyOf(event, event.length + 3));
        bad.put("OVERSIZED", arrayOfHundredMillion(event));
        bad.put("WRONG_NUM_FEATURES", with(e -> e.setFeatures(dense(1, 2))));
        bad.put("NON_FINITE_FEATURE", with(e -> e.setFeatures(dense(1, Float.NaN, 3))));
        bad.put("LABEL_OUT_OF_RANGE", with(e -> e.setLabel(2)));
        bad.put("UNKNOWN_CLASS", with(e -> e.setLabel("maybe")));
        bad.put("NEGATIVE_WEIGHT", with(e -> e.setWeight(-1)));
        bad.put("NON_FINITE_WEIGHT", with(e -> e.setWeight(Float.POSITIVE_INFINITY)));
        bad.put("UNSUPPORTED_LABEL", with(e -> e.setLabel(List.of(0.5f, 0.5f))));
        bad.put(
                "UNSUPPORTED_FEATURES",
                with(e -> e.setFeatures(new SparseFeatures(List.of(1), List.of(2f)))));
        bad.put("MODEL_NOT_ALLOWED", with(e -> e.setModelId("other")));
        bad.put("RESERVED_MODEL_ID", with(e -> e.setModelId("")));
        return bad;
    }

    private static Map<String, byte @Nullable []> badProbabilities() {
        Map<String, byte @Nullable []> bad = new LinkedHashMap<>();
        bad.put("WRONG_NUM_TARGETS", with(e -> e.setLabel(List.of(0.5f, 0.25f, 0.25f))));
        bad.put("TARGET_OUT_OF_RANGE", with(e -> e.setLabel(List.of(1.5f, -0.5f))));
        bad.put("TARGETS_DO_NOT_SUM_TO_ONE", with(e -> e.setLabel(List.of(0.5f, 0.25f))));
        return bad;
    }

    private static byte[] arrayOfHundredMillion(byte[] event) {
        // The array's count, here 10^8 in zig-zag encoding, follows 2 + 8 bytes of header, "id" and
        // "good" with a length of one byte each, and one byte each of timestamp and union branch.
        byte[] oversized = Arrays.copyOf(Arrays.copyOf(event, 2 + 8 + 3 + 5 + 1 + 1), 200);
        long zigZag = 2L * 100_000_000;
        int at = 20;
        while (zigZag > 0x7F) {
            oversized[at++] = (byte) ((zigZag & 0x7F) | 0x80);
            zigZag >>>= 7;
        }
        oversized[at] = (byte) zigZag;
        return oversized;
    }

    private static LabelledEvent event() {
        LabelledEvent event = JobOnKafka.events(1, 1, 3, 2, "good").get(0);
        event.setId("id");
        event.setLabel(0);
        return event;
    }

    private static byte[] with(Consumer<LabelledEvent> change) {
        LabelledEvent event = event();
        change.accept(event);
        return JobOnKafka.bytes(event);
    }

    private static DenseFeatures dense(float... values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return new DenseFeatures(list);
    }
}
