package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.PinnedMemory;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;

/**
 * The states of models on a device: for each {@link ModelPart} one array with a place for each
 * model.
 */
final class ModelStates {
    private static final int STAGING_BYTES = 1 << 22;

    private final LinearModel model;
    private final int numSlots;
    private final DeviceStream stream;
    private final PinnedMemory staging;
    private final Map<ModelPart, DeviceMemory> memory = new EnumMap<>(ModelPart.class);

    /**
     * @param stream stream of the copies, which the caller lets wait for all other work
     */
    ModelStates(Device device, DeviceStream stream, LinearModel model, int numSlots) {
        this.model = model;
        this.numSlots = numSlots;
        this.stream = stream;
        this.staging = device.allocatePinned(STAGING_BYTES);
        for (ModelPart part : ModelPart.values()) {
            long words = part.words(model);
            if (words > 0) {
                memory.put(part, device.allocate(words * Integer.BYTES * numSlots));
            }
        }
    }

    /** Returns the bytes of the states of some models. */
    static long bytes(LinearModel model, int numSlots) {
        long words = 0;
        for (ModelPart part : ModelPart.values()) {
            words += part.words(model);
        }
        return words * Integer.BYTES * numSlots;
    }

    /** Returns whether models have a part. */
    boolean has(ModelPart part) {
        return memory.containsKey(part);
    }

    /** Returns the array of a part, for all models. */
    DeviceMemory all(ModelPart part) {
        DeviceMemory all = memory.get(part);
        if (all == null) {
            throw new IllegalStateException("the models have no " + part);
        }
        return all;
    }

    /** Returns a part of one model. */
    DeviceMemory of(ModelPart part, int slot) {
        if (slot < 0 || slot >= numSlots) {
            throw new IndexOutOfBoundsException(
                    "model " + slot + " is not one of " + numSlots + " models");
        }
        long bytes = part.words(model) * Integer.BYTES;
        return all(part).part(slot * bytes, bytes);
    }

    /** Reads a part of a model into a new buffer. */
    ByteBuffer read(ModelPart part, int slot) {
        DeviceMemory from = of(part, slot);
        ByteBuffer values =
                ByteBuffer.allocate(Math.toIntExact(from.bytes())).order(staging.buffer().order());
        for (long at = 0; at < from.bytes(); at += STAGING_BYTES) {
            int count = (int) Math.min(STAGING_BYTES, from.bytes() - at);
            stream.copyToHost(from.part(at, count), staging, 0);
            stream.synchronize();
            values.put(staging.buffer().slice(0, count));
        }
        return values.flip();
    }

    /** Writes a part of a model. */
    void write(ModelPart part, int slot, ByteBuffer values) {
        DeviceMemory to = of(part, slot);
        if (values.remaining() != to.bytes()) {
            throw new IllegalArgumentException(
                    part + " has " + to.bytes() + " bytes, not " + values.remaining());
        }
        for (long at = 0; at < to.bytes(); at += STAGING_BYTES) {
            int count = (int) Math.min(STAGING_BYTES, to.bytes() - at);
            staging.buffer().put(0, values, values.position() + (int) at, count);
            stream.copyToDevice(staging, 0, to.part(at, count));
            stream.synchronize();
        }
    }
}
