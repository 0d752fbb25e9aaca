package io.freshet.model.cuda;

import io.freshet.model.cuda.device.CountingDevice;
import java.util.List;

/** The memory of a device that linear models need. */
public final class MemoryNeed {
    private MemoryNeed() {}

    /**
     * Returns the bytes that models and blocks take on a device.
     *
     * @param numSlots number of models whose state is held
     * @param blocks shapes of the blocks that are held
     */
    public static long of(LinearModel model, int numSlots, List<BlockShape> blocks) {
        CountingDevice device = new CountingDevice();
        DeviceLearner learner = new DeviceLearner(device, model, numSlots);
        blocks.forEach(learner::newBlock);
        return device.allocatedBytes();
    }
}
