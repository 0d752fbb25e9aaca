package io.freshet.model.cuda.device;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Calls that free what was allocated: the latest first, and each one whatever others report. */
final class Releases {
    private final Deque<Runnable> early = new ArrayDeque<>();
    private final Deque<Runnable> late = new ArrayDeque<>();
    private final AtomicLong deviceBytes = new AtomicLong();

    /** Adds a call that is made after all early ones. */
    void add(Runnable release) {
        late.push(release);
    }

    /** Adds a call that is made after all early ones and frees memory of a device. */
    void add(Runnable release, long bytes) {
        add(release);
        deviceBytes.addAndGet(bytes);
    }

    /** Returns the bytes of a device's memory that are not freed. Any thread may call. */
    long deviceBytes() {
        return deviceBytes.get();
    }

    /** Adds a call that is made before the others. */
    void addEarly(Runnable release) {
        early.push(release);
    }

    /**
     * Makes all calls once.
     *
     * @throws DeviceException after all calls, if some failed: the first failure, and their number
     */
    void run() {
        @Nullable RuntimeException first = null;
        int failures = 0;
        deviceBytes.set(0);
        for (Deque<Runnable> releases : List.of(early, late)) {
            while (!releases.isEmpty()) {
                try {
                    releases.pop().run();
                } catch (RuntimeException e) {
                    first = first == null ? e : first;
                    failures++;
                }
            }
        }
        if (first != null) {
            String others =
                    failures == 1
                            ? ""
                            : "; " + (failures - 1) + " more calls that free something failed";
            DeviceException thrown = new DeviceException(first.getMessage() + others);
            thrown.initCause(first);
            throw thrown;
        }
    }
}
