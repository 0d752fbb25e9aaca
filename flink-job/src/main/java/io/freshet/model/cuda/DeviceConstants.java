package io.freshet.model.cuda;

import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.PinnedMemory;
import java.util.List;

/** Writer of arrays that never change to a device. */
final class DeviceConstants {
    private final Device device;
    private final DeviceStream stream;

    DeviceConstants(Device device, DeviceStream stream) {
        this.device = device;
        this.stream = stream;
    }

    /** Returns new memory with values, which is there when this returns. */
    DeviceMemory floats(float[] values) {
        PinnedMemory host = device.allocatePinned(values.length * Float.BYTES);
        host.buffer().asFloatBuffer().put(values);
        return copy(host);
    }

    /** Returns new memory with values, which is there when this returns. */
    DeviceMemory floats(List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return floats(floats);
    }

    /** Returns new memory with values, which is there when this returns. */
    DeviceMemory doubles(List<Double> values) {
        PinnedMemory host = device.allocatePinned(values.size() * Double.BYTES);
        for (double value : values) {
            host.buffer().putDouble(value);
        }
        return copy(host);
    }

    private DeviceMemory copy(PinnedMemory host) {
        DeviceMemory memory = device.allocate(host.bytes());
        stream.copyToDevice(host, 0, memory);
        stream.synchronize();
        return memory;
    }
}
