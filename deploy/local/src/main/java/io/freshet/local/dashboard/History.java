package io.freshet.local.dashboard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's points over time, in bounded memory: the newest {@value #RECENT} as they came, and up
 * to {@value #OLDER} before them, each the mean of {@code stride} records. When these are full,
 * neighbours are merged and the stride doubles, so that they always go back to the beginning.
 */
final class History {
    static final int RECENT = 1024;
    static final int OLDER = 2048;

    private final ArrayDeque<Point> recent = new ArrayDeque<>();
    private List<Point> older = new ArrayList<>();
    private @Nullable Point forming;
    private int stride = 1;
    private long added;

    /** Adds the newest. */
    void add(Point point) {
        added++;
        recent.addLast(point);
        if (recent.size() > RECENT) {
            age(recent.removeFirst());
        }
    }

    private void age(Point point) {
        Point grown = forming == null ? point : forming.mergedWith(point);
        if (grown.records() < stride) {
            forming = grown;
            return;
        }
        forming = null;
        older.add(grown);
        if (older.size() == OLDER) {
            List<Point> merged = new ArrayList<>(OLDER);
            for (int i = 0; i < OLDER; i += 2) {
                merged.add(older.get(i).mergedWith(older.get(i + 1)));
            }
            older = merged;
            stride *= 2;
        }
    }

    /** Forgets every point of a record with this sequence or a later one. */
    void cutBackTo(long sequence) {
        recent.removeIf(point -> point.sequence() >= sequence);
        older.removeIf(point -> point.sequence() >= sequence);
        if (forming != null && forming.sequence() >= sequence) {
            forming = null;
        }
    }

    /** Forgets the weights of mixtures that had other members. */
    void forgetWeights() {
        List<Point> kept = recent.stream().map(Point::withoutWeights).toList();
        recent.clear();
        recent.addAll(kept);
        older.replaceAll(Point::withoutWeights);
        forming = forming == null ? null : forming.withoutWeights();
    }

    /** How many points were ever added. */
    long added() {
        return added;
    }

    /** All points, oldest first. */
    List<Point> all() {
        List<Point> all = new ArrayList<>(older.size() + 1 + recent.size());
        all.addAll(older);
        if (forming != null) {
            all.add(forming);
        }
        all.addAll(recent);
        return all;
    }

    /**
     * The points that were added since there had been {@code added}, oldest first; null if there
     * were more than are kept as they came.
     */
    @Nullable List<Point> since(long before) {
        long missing = added - before;
        if (missing > recent.size()) {
            return null;
        }
        return recent.stream().skip(recent.size() - missing).toList();
    }
}
