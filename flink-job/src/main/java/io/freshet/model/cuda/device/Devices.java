package io.freshet.model.cuda.device;

import java.io.Serializable;
import java.util.Optional;
import java.util.function.Consumer;

/** The CUDA devices of a process, of which it uses the first. */
public interface Devices extends Serializable {
    /**
     * Looks for a driver, and loads nothing else.
     *
     * @return in one line the reason why this process has nothing to do with a device, as most have
     *     not; empty if there may be one
     */
    Optional<String> findAbsence();

    /**
     * Loads what a device needs.
     *
     * @return in one line the reason why no device can be used, with what to do; empty if {@link
     *     #open} can be called
     */
    Optional<String> findObstacle();

    /**
     * Opens the first device.
     *
     * @param warnings takes a line when compiled kernels cannot be kept
     */
    Device open(Consumer<String> warnings);
}
