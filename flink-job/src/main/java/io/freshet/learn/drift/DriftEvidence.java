package io.freshet.learn.drift;

import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.Origin;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The last examples of a model, for an alert to look back on. Arrays grow with the examples, up to
 * the capacity.
 */
public final class DriftEvidence {
    /** What an alert compares with, at least, where so many are remembered. */
    private static final int LEAST_BEFORE = 100;

    /** What an example takes. */
    public static final int BYTES_PER_EXAMPLE =
            2 * Integer.BYTES + 2 * Float.BYTES + 2 * Long.BYTES + Byte.BYTES;

    private static final int FIRST_LENGTH = 16;

    private final int capacity;
    private final List<ExampleBlock.Source> sources = new ArrayList<>();
    private int[] labels = new int[0];
    private boolean[] hits = new boolean[0];
    private float[] losses = new float[0];
    private float[] weights = new float[0];
    private int[] sourceIndexes = new int[0];
    private long[] offsets = new long[0];
    private long[] timestamps = new long[0];
    private long seen;

    /** Where the next example goes: {@code seen} modulo the capacity. */
    private int next;

    /** Where the last example's source stands among the sources. */
    private int lastSource;

    DriftEvidence(int capacity) {
        this.capacity = capacity;
    }

    /** Takes the next example. */
    void add(Examples examples, Evaluation evaluation, int row, Origin origin) {
        int label = examples.labels()[row];
        put(
                label,
                evaluation.predictedClasses()[row] == label,
                evaluation.losses()[row],
                examples.weights()[row],
                origin.source,
                origin.offset,
                origin.timestamp);
    }

    private void put(
            int label,
            boolean hit,
            float loss,
            float weight,
            ExampleBlock.Source source,
            long offset,
            long timestamp) {
        int at = next;
        if (at == labels.length) {
            grow();
        }
        next = at + 1 == capacity ? 0 : at + 1;
        seen++;
        labels[at] = label;
        hits[at] = hit;
        losses[at] = loss;
        weights[at] = weight;
        sourceIndexes[at] = indexOf(source);
        offsets[at] = offset;
        timestamps[at] = timestamp;
    }

    private void grow() {
        int length = (int) Math.min(capacity, Math.max(FIRST_LENGTH, 2L * labels.length));
        labels = Arrays.copyOf(labels, length);
        hits = Arrays.copyOf(hits, length);
        losses = Arrays.copyOf(losses, length);
        weights = Arrays.copyOf(weights, length);
        sourceIndexes = Arrays.copyOf(sourceIndexes, length);
        offsets = Arrays.copyOf(offsets, length);
        timestamps = Arrays.copyOf(timestamps, length);
    }

    /** A model's examples come from few partitions, most of them from the one before's. */
    private int indexOf(ExampleBlock.Source source) {
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

    private int size() {
        return (int) Math.min(seen, capacity);
    }

    /** How many of the last examples came after a change, of those that are remembered. */
    int after(long sinceChange) {
        return (int) Math.max(1, Math.min(sinceChange, size()));
    }

    /** How many examples before those an alert compares them with. */
    int before(int after) {
        return Math.min(Math.max(after, LEAST_BEFORE), size() - after);
    }

    /**
     * Tells of some of the last examples.
     *
     * @param end how many of the last are left out
     * @param count how many before those
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
        for (long i = seen - end - count; i < seen - end; i++) {
            int at = (int) (i % capacity);
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

    /** Tells how the classes fared, those whose recall fell most first, then by index. */
    ClassChange[] classes(int numClasses, int before, int after, int limit) {
        int[] counts = new int[2 * numClasses];
        int[] right = new int[2 * numClasses];
        double[] loss = new double[2 * numClasses];
        for (long i = seen - after - before; i < seen; i++) {
            int at = (int) (i % capacity);
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

    /** Everything, in new arrays, oldest first. */
    EvidenceState memory() {
        int size = size();
        EvidenceState memory =
                new EvidenceState(
                        sources.stream().map(ExampleBlock.Source::topic).toArray(String[]::new),
                        sources.stream().mapToInt(ExampleBlock.Source::partition).toArray(),
                        new int[size],
                        new boolean[size],
                        new float[size],
                        new float[size],
                        new int[size],
                        new long[size],
                        new long[size]);
        for (int i = 0; i < size; i++) {
            int at = (int) ((seen - size + i) % capacity);
            memory.labels()[i] = labels[at];
            memory.hits()[i] = hits[at];
            memory.losses()[i] = losses[at];
            memory.weights()[i] = weights[at];
            memory.sourceIndexes()[i] = sourceIndexes[at];
            memory.offsets()[i] = offsets[at];
            memory.timestamps()[i] = timestamps[at];
        }
        return memory;
    }

    /**
     * Takes the examples that another one had; the newest, if it had more.
     *
     * @param memory not modified
     */
    void restore(EvidenceState memory) {
        for (int i = 0; i < memory.labels().length; i++) {
            int source = memory.sourceIndexes()[i];
            put(
                    memory.labels()[i],
                    memory.hits()[i],
                    memory.losses()[i],
                    memory.weights()[i],
                    new ExampleBlock.Source(memory.topics()[source], memory.partitions()[source]),
                    memory.offsets()[i],
                    memory.timestamps()[i]);
        }
    }
}
