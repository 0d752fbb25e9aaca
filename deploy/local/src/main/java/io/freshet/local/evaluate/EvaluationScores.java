package io.freshet.local.evaluate;

import io.freshet.classifier.Classification;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Loss, accuracy and confusion matrix of a model's predictions of labelled examples.
 *
 * <p>An example is left out if it has no label, if its label is none of the model's classes, or if
 * the model refuses it.
 */
public final class EvaluationScores {
    private final List<String> classes;
    private final long[][] confusion;
    private final Map<String, Long> leftOut = new TreeMap<>();
    private long examples;
    private long hits;
    private double loss;
    private long impossible;

    /**
     * @param classes names of the model's classes
     */
    public EvaluationScores(List<String> classes) {
        this.classes = List.copyOf(classes);
        confusion = new long[classes.size()][classes.size()];
    }

    /**
     * Adds the prediction of an example.
     *
     * @param label class name; null if the example has none
     */
    public void add(@Nullable String label, Prediction prediction) {
        float[] probabilities = prediction.probabilities();
        int index = label == null ? -1 : classes.indexOf(label);
        if (label == null) {
            leaveOut("the label is missing");
        } else if (index < 0) {
            leaveOut("the model has no class \"" + label + "\"");
        } else if (probabilities == null) {
            leaveOut("the model refuses it: " + prediction.refusal());
        } else {
            add(index, probabilities);
        }
    }

    private void leaveOut(String reason) {
        leftOut.merge(reason, 1L, Long::sum);
    }

    private void add(int label, float[] probabilities) {
        int predicted = Classification.mostProbable(probabilities, 1)[0];
        examples++;
        hits += predicted == label ? 1 : 0;
        confusion[label][predicted]++;
        impossible += probabilities[label] == 0 ? 1 : 0;
        loss -= Math.log(Math.max(probabilities[label], Float.MIN_VALUE));
    }

    /** Returns the names of the classes. */
    public List<String> classes() {
        return classes;
    }

    /** Returns the number of examples that count. */
    public long examples() {
        return examples;
    }

    /** Returns the number of examples that are left out, by reason in the order of the text. */
    public Map<String, Long> leftOut() {
        return Collections.unmodifiableMap(leftOut);
    }

    /** Returns the fraction of examples whose class was predicted; NaN without examples. */
    public double accuracy() {
        return (double) hits / examples;
    }

    /** Returns the number of examples whose class was predicted. */
    public long hits() {
        return hits;
    }

    /**
     * Returns the mean of −ln(probability of the label) in nats, NaN without examples. A
     * probability of 0 counts as the smallest float, 103 nats.
     */
    public double loss() {
        return loss / examples;
    }

    /** Returns the number of examples whose label had the probability 0. */
    public long impossible() {
        return impossible;
    }

    /** Returns the mean recall of the classes that have examples. */
    public double balancedAccuracy() {
        double sum = 0;
        int present = 0;
        for (int c = 0; c < classes.size(); c++) {
            if (labels(c) > 0) {
                sum += recall(c);
                present++;
            }
        }
        return sum / present;
    }

    /** Returns the number of examples with a label for which a class was predicted. */
    public long count(int label, int predicted) {
        return confusion[label][predicted];
    }

    /** Returns the number of examples with a label. */
    public long labels(int label) {
        long sum = 0;
        for (long count : confusion[label]) {
            sum += count;
        }
        return sum;
    }

    private long predictions(int predicted) {
        long sum = 0;
        for (long[] row : confusion) {
            sum += row[predicted];
        }
        return sum;
    }

    /**
     * Returns the fraction of the examples predicted as a class that are of it; NaN without any.
     */
    public double precision(int of) {
        return (double) confusion[of][of] / predictions(of);
    }

    /** Returns the fraction of the examples of a class that are predicted; NaN without any. */
    public double recall(int of) {
        return (double) confusion[of][of] / labels(of);
    }

    /** Returns the harmonic mean of precision and recall; NaN without examples and predictions. */
    public double f1(int of) {
        return 2.0 * confusion[of][of] / (labels(of) + predictions(of));
    }
}
