package io.freshet.pipeline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A seeded stream of texts of 20 topics, for tests of hashed words. Word frequencies follow Zipf's
 * law, as in natural language. A quarter of the words come from the 500 words of the text's topic,
 * which also occur in other topics; the rest from all 20,000 words.
 */
final class TopicTexts {
    static final int TOPICS = 20;

    private static final int VOCABULARY = 20_000;
    private static final int TOPIC_WORDS = 500;
    private static final int LENGTH = 50;
    private static final double OF_TOPIC = 0.25;

    private static final double[] COMMON = zipf(VOCABULARY);
    private static final double[] IN_TOPIC = zipf(TOPIC_WORDS);

    private final Random random;
    private final int[][] topicWords = new int[TOPICS][TOPIC_WORDS];

    /** A text and its topic, counted from 0. */
    record Text(int topic, List<String> words) {}

    TopicTexts(long seed) {
        random = new Random(seed);
        for (int[] words : topicWords) {
            Arrays.setAll(words, i -> random.nextInt(VOCABULARY));
        }
    }

    private static double[] zipf(int size) {
        double[] cumulative = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += 1.0 / (i + 1);
            cumulative[i] = sum;
        }
        return cumulative;
    }

    /** Returns the next text. */
    Text next() {
        int topic = random.nextInt(TOPICS);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < LENGTH; i++) {
            boolean ofTopic = random.nextDouble() < OF_TOPIC;
            int word = ofTopic ? topicWords[topic][draw(IN_TOPIC)] : draw(COMMON);
            words.add("w" + word);
        }
        return new Text(topic, words);
    }

    private int draw(double[] cumulative) {
        double at = random.nextDouble() * cumulative[cumulative.length - 1];
        int found = Arrays.binarySearch(cumulative, at);
        return found < 0 ? -found - 1 : found;
    }
}
