package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.Learner;
import io.freshet.learn.LearnerWorkspace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Hashed words of texts of 20 topics, from JSON to the scores, beside a plain loop that keeps the
 * weights of every word by its name.
 */
class HashedTextTest {
    private static final int TEXTS = 12_000;
    private static final double LEARNING_RATE = 0.1;

    /** Mean loss and accuracy of the second half of a stream. */
    private record Score(double loss, double accuracy) {}

    private static Score hashed(List<TopicTexts.Text> texts, String... settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "broker:9092");
        values.put("source.format", "json");
        values.put("features.encoding", "hashed");
        values.put("features", "body:text");
        values.put("label", "topic");
        values.put("classes", Integer.toString(TopicTexts.TOPICS));
        values.put("mini-batch.size", "1");
        values.put("learner.type", "softmax");
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        JobConfig config = JobConfig.parse(values);
        List<Double> losses = new ArrayList<>();
        int right = 0;
        try (LearnerWorkspace workspace = new LearnerWorkspace(config.learn());
                Learner learner = new Learner("default", workspace)) {
            ExamplePacker packer =
                    new ExamplePacker(
                            config.ingest(),
                            null,
                            letter -> {
                                throw new AssertionError(letter.detail());
                            });
            for (int i = 0; i < texts.size(); i++) {
                String json =
                        "{\"topic\":"
                                + texts.get(i).topic()
                                + ",\"body\":\""
                                + String.join(" ", texts.get(i).words())
                                + "\"}";
                ExampleBlock block =
                        packer.pack(
                                new RawMessage(
                                        "t",
                                        0,
                                        i,
                                        0,
                                        null,
                                        json.getBytes(StandardCharsets.UTF_8),
                                        new String[0],
                                        new byte[0][]));
                BlockEvaluation evaluation = learner.process(block, prediction -> {}, alert -> {});
                packer.recycle(block);
                if (i >= texts.size() / 2) {
                    losses.add((double) evaluation.scored().losses()[0]);
                    right +=
                            evaluation.scored().predictedClasses()[0] == texts.get(i).topic()
                                    ? 1
                                    : 0;
                }
            }
        }
        double loss = losses.stream().mapToDouble(value -> value).average().orElseThrow();
        return new Score(loss, (double) right / losses.size());
    }

    /** SGD on the number of occurrences of each word, with weights by word. */
    private static Score exact(List<TopicTexts.Text> texts) {
        int classes = TopicTexts.TOPICS;
        Map<String, double[]> weights = new HashMap<>();
        double sum = 0;
        int right = 0;
        for (int i = 0; i < texts.size(); i++) {
            List<String> inputs = new ArrayList<>(texts.get(i).words());
            inputs.add("");
            double[] logits = new double[classes];
            for (String word : inputs) {
                double[] row = weights.computeIfAbsent(word, key -> new double[classes]);
                for (int c = 0; c < classes; c++) {
                    logits[c] += row[c];
                }
            }
            double normaliser = 0;
            int predicted = 0;
            for (int c = 0; c < classes; c++) {
                normaliser += Math.exp(logits[c]);
                predicted = logits[c] > logits[predicted] ? c : predicted;
            }
            int topic = texts.get(i).topic();
            if (i >= texts.size() / 2) {
                sum += Math.log(normaliser) - logits[topic];
                right += predicted == topic ? 1 : 0;
            }
            for (String word : inputs) {
                double[] row = weights.get(word);
                for (int c = 0; c < classes; c++) {
                    double probability = Math.exp(logits[c]) / normaliser;
                    row[c] -= LEARNING_RATE * (probability - (c == topic ? 1 : 0));
                }
            }
        }
        int scored = texts.size() - texts.size() / 2;
        return new Score(sum / scored, (double) right / scored);
    }

    private static List<TopicTexts.Text> texts() {
        TopicTexts source = new TopicTexts(3);
        List<TopicTexts.Text> texts = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            texts.add(source.next());
        }
        return texts;
    }

    @Test
    void hashedWords_learnAsWordsByTheirNames() {
        List<TopicTexts.Text> texts = texts();
        Set<String> words = new HashSet<>();
        texts.forEach(text -> words.addAll(text.words()));
        assertThat(words).hasSizeGreaterThan(10_000);
        Score exact = exact(texts);
        assertThat(exact.accuracy()).isBetween(0.9, 0.995);

        String rate = Double.toString(LEARNING_RATE);
        Score hashed =
                hashed(
                        texts,
                        "features.hash-bits",
                        "20",
                        "training.learning-rate",
                        rate,
                        "scaler.type",
                        "none");
        assertThat(hashed.loss()).isCloseTo(exact.loss(), within(0.02 * exact.loss()));
        assertThat(hashed.accuracy()).isCloseTo(exact.accuracy(), within(0.003));

        // Fewer columns than words still tell topics apart, though worse.
        Score narrow =
                hashed(
                        texts,
                        "features.hash-bits",
                        "10",
                        "training.learning-rate",
                        rate,
                        "scaler.type",
                        "none");
        assertThat(narrow.loss()).isGreaterThan(hashed.loss());
        assertThat(narrow.accuracy()).isGreaterThan(0.6);

        // The defaults need no learning rate.
        Score mixture = hashed(texts);
        assertThat(mixture.loss()).isLessThan(0.8 * exact.loss());
    }
}
