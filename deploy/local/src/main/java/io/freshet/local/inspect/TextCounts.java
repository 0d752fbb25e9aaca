package io.freshet.local.inspect;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Numbers of different texts and of different words among the first texts of a field. */
final class TextCounts {
    /** Number of texts after which no more are counted. */
    private static final int MAX_TEXTS = 100_000;

    /** Average number of words from which on a field is a text, not a category. */
    private static final int MIN_WORDS = 3;

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{Nd}]+");

    private final Set<Integer> texts = new HashSet<>();
    private final Set<Integer> words = new HashSet<>();
    private long numTexts;
    private long numWords;
    private long numWithSpaces;

    /** Adds a text. */
    void add(String text) {
        if (numTexts == MAX_TEXTS) {
            return;
        }
        numTexts++;
        texts.add(text.hashCode());
        numWithSpaces += text.indexOf(' ') >= 0 ? 1 : 0;
        for (String word : BETWEEN_WORDS.split(text.toLowerCase(Locale.ROOT), 0)) {
            numWords += word.isEmpty() ? 0 : 1;
            words.add(word.hashCode());
        }
    }

    /** Returns whether the texts have several words on average. */
    boolean areSentences() {
        return numWords >= MIN_WORDS * numTexts;
    }

    /** Returns whether most texts have spaces, which ids do not have. */
    boolean haveSpaces() {
        return 2 * numWithSpaces > numTexts;
    }

    int differentTexts() {
        return texts.size();
    }

    int differentWords() {
        return words.size();
    }
}
