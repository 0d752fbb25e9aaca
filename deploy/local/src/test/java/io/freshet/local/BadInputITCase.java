package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.LabelledEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Integration test of invalid messages among valid ones: the job continues, and each becomes a dead
 * letter with its bytes.
 */
class BadInputITCase {
    @Test
    void badMessages_becomeDeadLetters_byteForByte_andTheJobRunsOn() throws Exception {
        run("bad", Map.of("label.ignore-index", "-100"), BadMessages.ofOneClass(), List.of());
    }

    @Test
    void badProbabilities_becomeDeadLetters_byteForByte_andTheJobRunsOn() throws Exception {
        run(
                "targets",
                Map.of("label.type", "probabilities"),
                BadMessages.ofProbabilities(),
                List.of(0.25f, 0.75f));
    }

    @Test
    void badLabelsOfSeveralClasses_becomeDeadLetters_byteForByte_andTheJobRunsOn()
            throws Exception {
        Map<String, byte @Nullable []> bad = BadMessages.ofProbabilities();
        bad.remove("TARGETS_DO_NOT_SUM_TO_ONE"); // not required of these labels
        run(
                "several",
                Map.of(
                        "learner.type",
                        "softmax",
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
                values.add(BadMessages.with(e -> e.setLabel(-100)));
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
                                assertThat(JobOnKafka.bytes(letter.getValue()))
                                        .isEqualTo(values.get((int) letter.getOffset()));
                            });
                }
                assertThat(reasons).isEqualTo(new TreeMap<>(expected));
            }
        }
    }
}
