package io.freshet.learn.drift;

import io.freshet.ingest.Origins;
import io.freshet.ingest.SourcePartition;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.example.RingIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Ring buffer of the last examples of a model, from which a drift alert describes the stream before
 * and after the change. The arrays grow with the number of examples, up to the capacity.
 */
public final class DriftEvidence {
    /** Minimum number of examples before a change in an alert, if the buffer has as many. */
    private static final int MIN_BEFORE = 100;

    /** Rise of the mean, in standard errors, that noise does not explain. */
    private static final int CLEAR_RISE = 5;

    /** Bytes that one example takes. */
    public static final int BYTES_PER_EXAMPLE =
            2 * Integer.BYTES + 2 * Float.BYTES + 2 * Long.BYTES + Byte.BYTES;

    private final RingIndex ring;
    private final List<SourcePartition> sources = new ArrayList<>();
    private int[] labels = new int[0];
    private boolean[] hits = new boolean[0];
    private float[] losses = new float[0];
    private float[] weights = new float[0];
    private int[] sourceIndexes = new int[0];
    private long[] offsets = new long[0];
    private long[] timestamps = new long[0];

    /** Index of the last example's source. */
    private int lastSource;

    DriftEvidence(int capacity) {
        ring = new RingIndex(capacity);
    }

    /** Adds an example that was trained on. */
    void add(Examples examples, Evaluation evaluation, int row, Origins origins) {
        int label = examples.labels()[row];
        put(
                label,
                evaluation.predictedClasses()[row] == label,
                evaluation.losses()[row],
                examples.weights()[row],
                origins.source(row),
                origins.offset(row),
                origins.timestamp(row));
    }

    private void put(
            int label,
            boolean hit,
            float loss,
            float weight,
            SourcePartition source,
            long offset,
            long timestamp) {
        int at = ring.next();
        if (at == labels.length) {
            growTo(ring.grownLength(at, at + 1));
        }
        ring.advance();
        labels[at] = label;
        hits[at] = hit;
        losses[at] = loss;
        weights[at] = weight;
        sourceIndexes[at] = indexOf(source);
        offsets[at] = offset;
        timestamps[at] = timestamp;
    }

    private void growTo(int length) {
        labels = Arrays.copyOf(labels, length);
        hits = Arrays.copyOf(hits, length);
        losses = Arrays.copyOf(losses, length);
        weights = Arrays.copyOf(weights, length);
        sourceIndexes = Arrays.copyOf(sourceIndexes, length);
        offsets = Arrays.copyOf(offsets, length);
        timestamps = Arrays.copyOf(timestamps, length);
    }

    /**
     * Returns the index of a partition in the list, to which a new one is added. Most examples come
     * from the same partition as the one before.
     */
    private int indexOf(SourcePartition source) {
        if (lastSource < sources.size() && sources.get(lastSource).equals(source)) {
            return lastSource;
        }
        lastSource = sources.indexOf(source);
        if (lastSource < 0) {
            lastSource = sources.size();
            sources.add(source);
        }
        return lastSource;
    }

    /**
     * Estimates the number of examples in the buffer that came after a change, at least 1.
     *
     * <p>With {@code m = 1 − exp(−loss)}, of mean {@code x̄} over the first {@code k} of the {@code
     * n} examples and {@code ȳ} over the others, the change is where {@code k (n − k)/n (ȳ − x̄)²}
     * is largest for a rise, {@code ȳ > x̄}: the least-squares estimate of a single change of the
     * mean. Without a rise, the last example is the change. The estimates of the detectors lie at
     * different distances from the change, as some begin only at the warning. They are used in one
     * case: if the detector's estimate is older than the buffer and the rise in the buffer is less
     * than {@value #CLEAR_RISE} standard errors, all examples came after the change.
     *
     * <p>Source: Hinkley, <i>Inference about the change-point in a sequence of random
     * variables</i>, Biometrika 57 (1970).
     *
     * @param sinceChange number of examples since the change by the detector's own estimate
     */
    int after(long sinceChange) {
        int size = ring.size();
        long oldest = ring.added() - size;
        double[] sums = new double[size + 1];
        double squares = 0;
        for (int i = 0; i < size; i++) {
            double missed = -Math.expm1(-losses[ring.position(oldest + i)]);
            sums[i + 1] = sums[i] + missed;
            squares += missed * missed;
        }
        int change = size - 1;
        double explained = 0;
        for (int k = 1; k < size; k++) {
            double rise = (sums[size] - sums[k]) / (size - k) - sums[k] / k;
            double difference = (double) k * (size - k) / size * rise * rise;
            if (rise > 0 && difference > explained) {
                explained = difference;
                change = k;
            }
        }
        double total = squares - sums[size] * sums[size] / size;
        boolean clear = explained * size > CLEAR_RISE * CLEAR_RISE * Math.max(0, total - explained);
        return sinceChange >= size && !clear ? size : size - change;
    }

    /**
     * Returns the number of examples before a change that an alert compares with those after it.
     *
     * @param after number of examples after the change
     */
    int before(int after) {
        return Math.min(Math.max(after, MIN_BEFORE), ring.size() - after);
    }

    /**
     * Summarises some of the last examples.
     *
     * @param end number of the latest examples to skip
     * @param count number of examples before those to summarise
     */
    DriftWindow window(int end, int count) {
        if (count == 0) {
            return new DriftWindow(0, new OffsetRange[0], null, null, null, null);
        }
        double weight = 0;
        double weightedLoss = 0;
        int right = 0;
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        Map<Integer, long[]> ranges = new LinkedHashMap<>();
        long seen = ring.added();
        for (long i = seen - end - count; i < seen - end; i++) {
            int at = ring.position(i);
            weight += weights[at];
            weightedLoss += (double) weights[at] * losses[at];
            right += hits[at] ? 1 : 0;
            first = Math.min(first, timestamps[at]);
            last = Math.max(last, timestamps[at]);
            long offset = offsets[at];
            ranges.merge(
                    sourceIndexes[at],
                    new long[] {offset, offset},
                    (a, b) -> new long[] {Math.min(a[0], b[0]), Math.max(a[1], b[1])});
        }
        OffsetRange[] offsetRanges =
                ranges.entrySet().stream()
                        .map(
                                range ->
                                        new OffsetRange(
                                                sources.get(range.getKey()).topic(),
                                                sources.get(range.getKey()).partition(),
                                                range.getValue()[0],
                                                range.getValue()[1]))
                        .toArray(OffsetRange[]::new);
        return new DriftWindow(
                count, offsetRanges, first, last, weightedLoss / weight, right / (double) count);
    }

    /**
     * Compares each class before and after a change: those whose recall fell most come first, then
     * by index.
     *
     * @param classNames name of each class
     * @param before number of examples before the change
     * @param after number of examples after it, the last ones
     * @param limit maximum number of classes
     */
    ClassChange[] classes(
            int numClasses, IntFunction<String> classNames, int before, int after, int limit) {
        int[] counts = new int[2 * numClasses];
        int[] right = new int[2 * numClasses];
        double[] loss = new double[2 * numClasses];
        long seen = ring.added();
        for (long i = seen - after - before; i < seen; i++) {
            int at = ring.position(i);
            int side = labels[at] + (i < seen - after ? 0 : numClasses);
            counts[side]++;
            right[side] += hits[at] ? 1 : 0;
            loss[side] += losses[at];
        }
        List<ClassChange> changes = new ArrayList<>();
        for (int k = 0; k < numClasses; k++) {
            int then = k + numClasses;
            if (counts[k] + counts[then] > 0) {
                changes.add(
                        new ClassChange(
                                k,
                                classNames.apply(k),
                                counts[k],
                                counts[then],
                                mean(right[k], counts[k]),
                                mean(right[then], counts[then]),
                                mean(loss[k], counts[k]),
                                mean(loss[then], counts[then])));
            }
        }
        return changes.stream()
                .sorted(Comparator.comparingDouble(ClassChange::recallDrop).reversed())
                .limit(limit)
                .toArray(ClassChange[]::new);
    }

    private static @Nullable Double mean(double sum, int count) {
        return count == 0 ? null : sum / count;
    }

    /** Returns the examples in new arrays, oldest first. */
    EvidenceState state() {
        return new EvidenceState(
                sources.stream().map(SourcePartition::topic).toArray(String[]::new),
                sources.stream().mapToInt(SourcePartition::partition).toArray(),
                ring.oldestFirst(labels),
                ring.oldestFirst(hits),
                ring.oldestFirst(losses),
                ring.oldestFirst(weights),
                ring.oldestFirst(sourceIndexes),
                ring.oldestFirst(offsets),
                ring.oldestFirst(timestamps));
    }

    /**
     * Adds the examples of a saved buffer; if there are more than fit, the newest are kept.
     *
     * @param state not modified
     */
    void restore(EvidenceState state) {
        for (int i = 0; i < state.labels().length; i++) {
            int source = state.sourceIndexes()[i];
            put(
                    state.labels()[i],
                    state.hits()[i],
                    state.losses()[i],
                    state.weights()[i],
                    new SourcePartition(state.topics()[source], state.partitions()[source]),
                    state.offsets()[i],
                    state.timestamps()[i]);
        }
    }
}
