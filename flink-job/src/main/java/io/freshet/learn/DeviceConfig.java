package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.model.cuda.device.InstalledDevices;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.device.DevicePreference;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the device on which models learn.
 *
 * @param preference the device that is asked for
 * @param fallback what happens if a GPU cannot be used
 * @param libraries folder with CUDA's libraries, which is searched before others; null for none
 * @param kernelCache folder in which compiled kernels are kept, {@code auto} for one in the user's
 *     cache folder, or {@code off}
 */
public record DeviceConfig(
        DevicePreference preference,
        DeviceFallback fallback,
        @Nullable String libraries,
        String kernelCache)
        implements Serializable {
    public static final Key<DevicePreference> DEVICE =
            Key.ofEnum(
                            "device",
                            DevicePreference.AUTO,
                            "Device on which models learn. Auto: the NVIDIA GPU, if there is one on"
                                + " which the job's models can learn and if it is faster than the"
                                + " CPU with a block of the job's shape, which is timed on both"
                                + " when the job starts; else the CPU. So results may differ by"
                                + " rounding from one start to another; on one device they do not."
                                + " Cuda: the GPU. Cpu: the CPU. A GPU needs driver 580 or newer"
                                + " and CUDA 13's libcudart, libcublas and libnvrtc on the"
                                + " TaskManager. A line of the log and the field device of the"
                                + " metrics say which device it is, and the line says why.")
                    .changeable();
    public static final Key<DeviceFallback> FALLBACK =
            Key.ofEnum(
                            "device.fallback",
                            DeviceFallback.CPU,
                            "What happens with device = cuda where no GPU can be used, and after an"
                                + " error of the GPU: learn on the CPU, after the restart from the"
                                + " last checkpoint if the job was running, or stop. Also for a"
                                + " build with ND4J's CUDA backend that finds no GPU that it"
                                + " supports.")
                    .changeable();
    public static final Key<Optional<String>> LIBRARIES =
            Key.ofOptionalText(
                            "device.libraries",
                            "Folder on each TaskManager with CUDA's libraries, which is searched"
                                + " before others. Off: only the loader's path, LD_LIBRARY_PATH,"
                                + " CUDA_PATH, /usr/local/cuda and the system's folders.")
                    .changeable();
    public static final Key<String> KERNEL_CACHE =
            Key.ofText(
                            "device.kernel-cache",
                            InstalledDevices.AUTO,
                            "Folder on each TaskManager in which the GPU's compiled kernels are"
                                + " kept, so that a later start does not compile them again, which"
                                + " takes some seconds. Whoever can write to it can run code in the"
                                + " job. Auto: freshet/kernels in XDG_CACHE_HOME, or in .cache in"
                                + " the user's home. Off: they are compiled at each start.")
                    .changeable();

    static final List<Key<?>> KEYS = List.of(DEVICE, FALLBACK, LIBRARIES, KERNEL_CACHE);

    /** Returns the configuration of a job that learns on the CPU. */
    public static DeviceConfig cpu(DeviceFallback fallback) {
        return new DeviceConfig(DevicePreference.CPU, fallback, null, InstalledDevices.OFF);
    }

    /** Reads the keys. Problems are recorded in the settings. */
    static DeviceConfig from(Settings settings) {
        return new DeviceConfig(
                settings.get(DEVICE),
                settings.get(FALLBACK),
                settings.get(LIBRARIES).orElse(null),
                settings.get(KERNEL_CACHE));
    }

    /** Returns the devices of the machine on which they are asked for. */
    InstalledDevices devices() {
        return new InstalledDevices(libraries, kernelCache);
    }
}
