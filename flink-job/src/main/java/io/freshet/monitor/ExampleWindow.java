package io.freshet.monitor;

import java.util.Arrays;

/**
 * The last examples of a model, and their tallies and confusion matrix.
 *
 * <p>Exact: counts are whole numbers, from which an example that leaves is taken away again; sums
 * are added up anew from the examples that are in, a segment at a time, and only in segments that
 * changed. The i-th example of the model stands at place i modulo the capacity, so that a restored
 * window adds up in the same order. Arrays grow with the examples, up to the capacity.
 */
final class ExampleWindow {
    /** Examples whose sums are kept together. */
    static final int SEGMENT = 1024;

    /** What an example takes, and an answer without a label, and both again in a checkpoint. */
    static final int BYTES_PER_EXAMPLE = 2 * (5 * Integer.BYTES + 4 * Float.BYTES + Double.BYTES);

    private static final int FIRST_LENGTH = 16;

    private final MonitorConfig config;
    private final int capacity;
    private final Tallies tallies;
    private final Confusion confusion;

    private int[] labels = new int[0];
    private int[] predictions = new int[0];
    private int[] previousLabels = new int[0];
    private int[] majorityLabels = new int[0];
    private int[] ranks = new int[0];
    private float[] losses = new float[0];
    private float[] weights = new float[0];
    private float[] confidences = new float[0];
    private float[] briers = new float[0];

    private Tallies[] segments = new Tallies[0];
    private boolean[] segmentIsStale = new boolean[0];
    private long seen;

    /** Where the next example goes: {@code seen} modulo the capacity. */
    private int next;

    ExampleWindow(MonitorConfig config) {
        this.config = config;
        capacity = config.windowSize();
        tallies = new Tallies(config);
        confusion = new Confusion(config.numClasses());
    }

    /** Takes the next example; the oldest leaves if there are too many. */
    void add(ScoredExample example) {
        int at = next;
        if (seen >= capacity) {
            ScoredExample oldest = at(at);
            tallies.count(oldest, -1);
            confusion.add(oldest.label(), oldest.predictedClass(), -1);
        }
        put(at, example);
        tallies.count(example, 1);
        confusion.add(example.label(), example.predictedClass(), 1);
        next = at + 1 == capacity ? 0 : at + 1;
        seen++;
    }

    private void put(int at, ScoredExample example) {
        makeRoom(at + 1);
        labels[at] = example.label();
        predictions[at] = example.predictedClass();
        previousLabels[at] = example.previousLabel();
        majorityLabels[at] = example.majorityLabel();
        ranks[at] = example.rank();
        losses[at] = example.loss();
        weights[at] = example.weight();
        confidences[at] = example.confidence();
        briers[at] = example.brier();
        segmentIsStale[at / SEGMENT] = true;
    }

    private ScoredExample at(int at) {
        return new ScoredExample(
                labels[at],
                predictions[at],
                previousLabels[at],
                majorityLabels[at],
                losses[at],
                weights[at],
                confidences[at],
                briers[at],
                ranks[at]);
    }

    private void makeRoom(int examples) {
        if (labels.length >= examples) {
            return;
        }
        int length =
                (int)
                        Math.min(
                                capacity,
                                Math.max(examples, Math.max(FIRST_LENGTH, 2L * labels.length)));
        labels = Arrays.copyOf(labels, length);
        predictions = Arrays.copyOf(predictions, length);
        previousLabels = Arrays.copyOf(previousLabels, length);
        majorityLabels = Arrays.copyOf(majorityLabels, length);
        ranks = Arrays.copyOf(ranks, length);
        losses = Arrays.copyOf(losses, length);
        weights = Arrays.copyOf(weights, length);
        confidences = Arrays.copyOf(confidences, length);
        briers = Arrays.copyOf(briers, length);
        int before = segments.length;
        segments = Arrays.copyOf(segments, (length + SEGMENT - 1) / SEGMENT);
        for (int i = before; i < segments.length; i++) {
            segments[i] = new Tallies(config);
        }
        segmentIsStale = Arrays.copyOf(segmentIsStale, segments.length);
    }

    /** Number of examples in the window. */
    int size() {
        return (int) Math.min(seen, capacity);
    }

    /** The tallies of the examples in the window. Valid until the next example. */
    Tallies tallies() {
        tallies.clearSums();
        for (int i = 0; i < segments.length; i++) {
            if (segmentIsStale[i]) {
                addUp(i);
                segmentIsStale[i] = false;
            }
            tallies.addSums(segments[i]);
        }
        return tallies;
    }

    private void addUp(int segment) {
        segments[segment].clearSums();
        int end = Math.min((segment + 1) * SEGMENT, size());
        for (int at = segment * SEGMENT; at < end; at++) {
            segments[segment].sum(at(at), 1);
        }
    }

    /** The confusion matrix of the examples in the window. */
    Confusion confusion() {
        return confusion;
    }

    /** Everything, in new arrays, oldest first. */
    WindowState memory() {
        return new WindowState(
                seen,
                oldestFirst(labels),
                oldestFirst(predictions),
                oldestFirst(previousLabels),
                oldestFirst(majorityLabels),
                oldestFirst(ranks),
                oldestFirst(losses),
                oldestFirst(weights),
                oldestFirst(confidences),
                oldestFirst(briers));
    }

    private int[] oldestFirst(int[] ring) {
        int[] straight = new int[size()];
        int first = first();
        System.arraycopy(ring, first, straight, 0, straight.length - first);
        System.arraycopy(ring, 0, straight, straight.length - first, first);
        return straight;
    }

    private float[] oldestFirst(float[] ring) {
        float[] straight = new float[size()];
        int first = first();
        System.arraycopy(ring, first, straight, 0, straight.length - first);
        System.arraycopy(ring, 0, straight, straight.length - first, first);
        return straight;
    }

    /** Where the oldest example stands. */
    private int first() {
        return seen <= capacity ? 0 : next;
    }

    /**
     * Goes on from where a window was saved.
     *
     * @param memory not modified; of a larger window the newest examples are kept
     */
    void restore(WindowState memory) {
        int saved = memory.labels().length;
        int kept = Math.min(saved, capacity);
        // A full window goes on at the places where it stood; one with room begins at the first.
        long place = kept == capacity ? memory.seen() - kept : 0;
        makeRoom(kept);
        for (int i = saved - kept; i < saved; i++) {
            ScoredExample example =
                    new ScoredExample(
                            memory.labels()[i],
                            memory.predictions()[i],
                            memory.previousLabels()[i],
                            memory.majorityLabels()[i],
                            memory.losses()[i],
                            memory.weights()[i],
                            memory.confidences()[i],
                            memory.briers()[i],
                            memory.ranks()[i]);
            put((int) (place++ % capacity), example);
            tallies.count(example, 1);
            confusion.add(example.label(), example.predictedClass(), 1);
        }
        seen = place;
        next = (int) (place % capacity);
    }
}
