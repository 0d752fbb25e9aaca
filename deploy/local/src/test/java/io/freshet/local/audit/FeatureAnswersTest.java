package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.pipeline.JobConfig;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FeatureAnswersTest {
    private static final TopicPartition REQUESTS = new TopicPartition("requests", 0);

    private static FeatureAnswers answers(String kind, @Nullable String job) {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "b:1");
        settings.put("job.kind", kind);
        settings.put("topics.feature-events", "requests");
        return new FeatureAnswers(JobConfig.parseTopics(settings), job);
    }

    private static PredictionEvent prediction(
            String job, long epoch, String topic, long offset, @Nullable String label) {
        return PredictionEvent.newBuilder()
                .setModelId("m")
                .setId("")
                .setTimestamp(Instant.EPOCH)
                .setSource(new PartitionOffset(topic, 0, offset))
                .setModelVersion(1)
                .setPredictedClass(0)
                .setPredictedLabel("a")
                .setProbabilities(List.of(1f))
                .setJob(job)
                .setEpoch(epoch)
                .setLabel(label)
                .build();
    }

    private static DeadLetterEvent deadLetter(String job, long epoch, String topic, long offset) {
        return DeadLetterEvent.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setOffset(offset)
                .setTimestamp(Instant.EPOCH)
                .setKey(null)
                .setValue(null)
                .setHeaders(List.of())
                .setModelId("")
                .setReason("EMPTY")
                .setDetail("")
                .setJob(job)
                .setEpoch(epoch)
                .build();
    }

    @Test
    void answersOfLabelledEvents_areLeftOut() {
        FeatureAnswers answers = answers("learn", "j");

        answers.add(prediction("j", 1, "labelled-events", 3, "a"), true);
        answers.add(prediction("j", 1, "labelled-events", 4, null), true);
        answers.add(deadLetter("j", 1, "labelled-events", 5), true);
        answers.add(prediction("j", 1, "requests", 6, null), true);
        answers.add(deadLetter("j", 1, "requests", 7), true);

        assertThat(answers.of(new JobEpoch("j", 1))).containsOnlyKeys(REQUESTS);
        PartitionAnswers requests = answers.of(new JobEpoch("j", 1)).get(REQUESTS);
        assertThat(requests.answered().size()).isEqualTo(2);
        assertThat(requests.answered().contains(6)).isTrue();
        assertThat(requests.predictions()).isEqualTo(1);
        assertThat(requests.deadLetters()).isEqualTo(1);
    }

    /** Two jobs may answer the same events in the same topics, each once. */
    @Test
    void answersOfJobsAndEpochs_areApart() {
        FeatureAnswers answers = answers("score", null);

        answers.add(prediction("s", 1, "requests", 0, null), true);
        answers.add(prediction("s", 2, "requests", 0, null), true);
        answers.add(prediction("t", 2, "requests", 0, null), true);

        assertThat(answers.epochs())
                .containsExactlyInAnyOrder(
                        new JobEpoch("s", 1), new JobEpoch("s", 2), new JobEpoch("t", 2));
        assertThat(answers.of(new JobEpoch("s", 2)).get(REQUESTS).repeated().isEmpty()).isTrue();
        assertThat(answers.ofEarlier(new JobEpoch("s", 2), REQUESTS)).hasSize(1);
        assertThat(answers.ofEarlier(new JobEpoch("t", 2), REQUESTS)).isEmpty();
        assertThat(answers.of(new JobEpoch("u", 1))).isEmpty();
    }

    @Test
    void answersOfOtherJobs_areLeftOut_ifTheJobIsKnown() {
        FeatureAnswers answers = answers("learn", "j");

        answers.add(prediction("s", 1, "requests", 0, null), true);
        answers.add(deadLetter("s", 1, "requests", 1), true);

        assertThat(answers.epochs()).isEmpty();
    }
}
