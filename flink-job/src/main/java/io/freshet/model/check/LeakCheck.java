package io.freshet.model.check;

import io.freshet.model.LearnerSettings;
import io.freshet.model.contract.DeviceModels;
import io.freshet.model.contract.EngineContract;
import io.freshet.model.contract.ExampleStream;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.example.Examples;
import java.util.function.Supplier;

/**
 * Free memory of a device before and after rounds of opening, learning and closing.
 *
 * @param before bytes after the first round, which loads what the process keeps
 * @param after bytes after the last round
 */
record LeakCheck(long before, long after) {
    private static final int ROUNDS = 20;
    private static final int BLOCKS = 3;
    private static final int ROWS = 256;

    /** The device gives out memory in pages of this size. */
    private static final long PAGE = 2 << 20;

    static LeakCheck run(Supplier<Device> devices) {
        round(devices);
        long before = freeBytes(devices);
        for (int i = 0; i < ROUNDS; i++) {
            round(devices);
        }
        return new LeakCheck(before, freeBytes(devices));
    }

    private static void round(Supplier<Device> devices) {
        LearnerSettings settings = EngineContract.settings(54, 7, 7);
        Examples stream = new ExampleStream(settings, 3).take(ROWS);
        try (DeviceModels models = new DeviceModels(devices.get(), settings, 1)) {
            DeviceBlock block = models.newBlock(1, ROWS);
            for (int i = 0; i < BLOCKS; i++) {
                models.fill(block, 0, 0, stream, 0, ROWS);
                models.learner().submit(block);
                models.learner().finish(block);
            }
        }
    }

    private static long freeBytes(Supplier<Device> devices) {
        try (Device device = devices.get()) {
            return device.freeBytes();
        }
    }

    boolean held() {
        return before - after <= PAGE;
    }
}
