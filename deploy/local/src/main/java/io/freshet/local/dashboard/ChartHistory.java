package io.freshet.local.dashboard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Time series of a model's points in bounded memory: the newest {@value #RECENT} points unchanged,
 * and up to {@value #OLDER} older points, each the mean of {@code stride} records. When there are
 * that many, neighbours are merged and the stride is doubled. The history therefore always starts
 * at the first record.
 */
final class ChartHistory {
    static final int RECENT = 1024;
    static final int OLDER = 2048;

    private final ArrayDeque<ChartPoint> recent = new ArrayDeque<>();
    private List<ChartPoint> older = new ArrayList<>();
    private @Nullable ChartPoint partial;
    private int stride = 1;
    private long added;

    /** Adds the newest point. */
    void add(ChartPoint point) {
        added++;
        recent.addLast(point);
        if (recent.size() > RECENT) {
            moveToOlder(recent.removeFirst());
        }
    }

    private void moveToOlder(ChartPoint point) {
        ChartPoint merged = partial == null ? point : partial.mergedWith(point);
        if (merged.records() < stride) {
            partial = merged;
            return;
        }
        partial = null;
        older.add(merged);
        if (older.size() == OLDER) {
            List<ChartPoint> halved = new ArrayList<>(OLDER);
            for (int i = 0; i < OLDER; i += 2) {
                halved.add(older.get(i).mergedWith(older.get(i + 1)));
            }
            older = halved;
            stride *= 2;
        }
    }

    /** Removes the points of records with this sequence number or a greater one. */
    void removeFrom(long sequence) {
        recent.removeIf(point -> point.sequence() >= sequence);
        older.removeIf(point -> point.sequence() >= sequence);
        if (partial != null && partial.sequence() >= sequence) {
            partial = null;
        }
    }

    /** Removes the values of the experts from all points, because the experts have changed. */
    void dropExperts() {
        List<ChartPoint> kept = recent.stream().map(ChartPoint::withoutExperts).toList();
        recent.clear();
        recent.addAll(kept);
        older.replaceAll(ChartPoint::withoutExperts);
        partial = partial == null ? null : partial.withoutExperts();
    }

    /** Returns the number of points ever added. */
    long added() {
        return added;
    }

    /** Returns all points, oldest first. */
    List<ChartPoint> all() {
        List<ChartPoint> all = new ArrayList<>(older.size() + 1 + recent.size());
        all.addAll(older);
        if (partial != null) {
            all.add(partial);
        }
        all.addAll(recent);
        return all;
    }

    /**
     * Returns the points added since {@link #added} was {@code countBefore}, oldest first; null if
     * some of them are no longer kept unchanged.
     */
    @Nullable List<ChartPoint> addedSince(long countBefore) {
        long missing = added - countBefore;
        if (missing > recent.size()) {
            return null;
        }
        return recent.stream().skip(recent.size() - missing).toList();
    }
}
