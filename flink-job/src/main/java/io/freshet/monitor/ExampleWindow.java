package io.freshet.monitor;

import io.freshet.model.example.RingIndex;
import io.freshet.model.example.ScoredColumns;
import java.util.Arrays;

/**
 * Sliding window over the last examples of a model, with their tallies and confusion matrix.
 *
 * <p>The tallies are exact. Counts are whole numbers, so an example that leaves the window is
 * subtracted from them. Sums are computed from the examples themselves, in segments, and only the
 * segments that changed are recomputed. The i-th example of the model is at position i modulo the
 * capacity, so that a restored window sums in the same order. The arrays grow with the number of
 * examples, up to the capacity.
 */
final class ExampleWindow {
    /** Number of examples whose sums are kept together. */
    static final int SEGMENT = 1024;

    /**
     * Bytes of an example and of the confidence of a prediction for an event without a label,
     * counted twice: once in memory and once in a checkpoint.
     */
    static final int BYTES_PER_EXAMPLE = 2 * (5 * Integer.BYTES + 4 * Float.BYTES + Double.BYTES);

    private final MonitorConfig config;
    private final RingIndex ring;
    private final Tallies tallies;
    private final Confusion confusion;

    private ScoredColumns scored = ScoredColumns.ofLength(0);
    private int[] previousLabels = new int[0];
    private int[] majorityLabels = new int[0];

    private Tallies[] segments = new Tallies[0];
    private boolean[] segmentIsStale = new boolean[0];

    ExampleWindow(MonitorConfig config) {
        this.config = config;
        ring = new RingIndex(config.windowSize());
        tallies = new Tallies(config);
        confusion = new Confusion(config.numClasses());
    }

    /** Adds the next example; it replaces the oldest if the window is full. */
    void add(ScoredExample example) {
        int position = ring.next();
        if (ring.isFull()) {
            ScoredExample oldest = exampleAt(position);
            tallies.count(oldest, -1);
            confusion.add(oldest.label(), oldest.predictedClass(), -1);
        }
        put(position, example);
        ring.advance();
    }

    private void put(int position, ScoredExample example) {
        growTo(position + 1);
        scored.copyRow(position, example.columns(), example.row());
        previousLabels[position] = example.previousLabel();
        majorityLabels[position] = example.majorityLabel();
        segmentIsStale[position / SEGMENT] = true;
        tallies.count(example, 1);
        confusion.add(example.label(), example.predictedClass(), 1);
    }

    private ScoredExample exampleAt(int position) {
        return new ScoredExample(
                scored, position, previousLabels[position], majorityLabels[position]);
    }

    private void growTo(int examples) {
        if (scored.length() >= examples) {
            return;
        }
        int length = ring.grownLength(scored.length(), examples);
        scored = scored.resized(length);
        previousLabels = Arrays.copyOf(previousLabels, length);
        majorityLabels = Arrays.copyOf(majorityLabels, length);
        int before = segments.length;
        segments = Arrays.copyOf(segments, (length + SEGMENT - 1) / SEGMENT);
        for (int i = before; i < segments.length; i++) {
            segments[i] = new Tallies(config);
        }
        segmentIsStale = Arrays.copyOf(segmentIsStale, segments.length);
    }

    /** Returns the number of examples in the window. */
    int size() {
        return ring.size();
    }

    /** Returns the tallies of the window's examples. Valid until the next example is added. */
    Tallies tallies() {
        tallies.clearSums();
        for (int i = 0; i < segments.length; i++) {
            if (segmentIsStale[i]) {
                sumSegment(i);
                segmentIsStale[i] = false;
            }
            tallies.addSums(segments[i]);
        }
        return tallies;
    }

    private void sumSegment(int segment) {
        segments[segment].clearSums();
        int end = Math.min((segment + 1) * SEGMENT, size());
        for (int position = segment * SEGMENT; position < end; position++) {
            segments[segment].sum(exampleAt(position), 1);
        }
    }

    /** Returns the confusion matrix of the examples in the window. */
    Confusion confusion() {
        return confusion;
    }

    /** Returns the examples in new arrays, oldest first. */
    WindowState state() {
        return new WindowState(
                ring.added(),
                scored.oldestFirst(ring),
                ring.oldestFirst(previousLabels),
                ring.oldestFirst(majorityLabels));
    }

    /**
     * Restores the examples of a saved window into this empty one.
     *
     * @param state not modified. If it has more examples than fit, the newest are kept.
     */
    void restore(WindowState state) {
        int numSaved = state.scored().length();
        int kept = Math.min(numSaved, config.windowSize());
        // If the window is full afterwards, its examples keep their positions; else they start at
        // the first position.
        long item = kept == config.windowSize() ? state.numAdded() - kept : 0;
        growTo(kept);
        for (int i = numSaved - kept; i < numSaved; i++) {
            put(ring.position(item++), state.example(i));
        }
        ring.restore(item);
    }
}
