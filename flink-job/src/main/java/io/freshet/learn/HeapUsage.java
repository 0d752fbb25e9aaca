package io.freshet.learn;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Usage of the heap's old generation after its last garbage collection, which excludes the garbage
 * since then. Reading it does not cause a collection.
 */
final class HeapUsage {
    private final @Nullable MemoryPoolMXBean oldGeneration;

    /** Creates a reader for the heap of this process. */
    HeapUsage() {
        // The pools of the young generation are smaller or have no limit of their own.
        oldGeneration =
                ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .filter(pool -> pool.getCollectionUsage() != null)
                        .max(Comparator.comparingLong(pool -> pool.getUsage().getMax()))
                        .orElse(null);
    }

    /** Returns the fraction in use, 0 to 1; 0 before the first collection. */
    double afterLastCollection() {
        MemoryUsage usage = oldGeneration == null ? null : oldGeneration.getCollectionUsage();
        return usage == null || usage.getMax() <= 0 ? 0 : (double) usage.getUsed() / usage.getMax();
    }

    /**
     * Requests a collection, which may take seconds, and returns the fraction in use after it;
     * empty if the virtual machine is configured to ignore such requests.
     */
    OptionalDouble afterCollection() {
        long before = collections();
        System.gc();
        return collections() == before
                ? OptionalDouble.empty()
                : OptionalDouble.of(afterLastCollection());
    }

    private long collections() {
        if (oldGeneration == null) {
            return 0;
        }
        List<String> collectors = List.of(oldGeneration.getMemoryManagerNames());
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .filter(collector -> collectors.contains(collector.getName()))
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }

    /** Returns the maximum size of the heap, in bytes. */
    static long maxBytes() {
        return Runtime.getRuntime().maxMemory();
    }
}
