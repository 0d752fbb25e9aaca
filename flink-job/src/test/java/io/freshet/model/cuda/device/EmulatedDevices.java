package io.freshet.model.cuda.device;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The devices of a machine with an emulated one, or without any.
 *
 * @param absence reason why there is no driver; empty if there is one
 * @param obstacle reason why the device cannot be used; empty if it can
 * @param totalBytes size of the device's memory
 * @param launches number of launches of graphs after which each device reports an error; negative
 *     for none
 */
public record EmulatedDevices(String absence, String obstacle, long totalBytes, int launches)
        implements Devices {
    private static final AtomicInteger OPENED = new AtomicInteger();

    /** Returns the devices of a machine with a device that works. */
    public static EmulatedDevices working() {
        return new EmulatedDevices("", "", 1L << 30, -1);
    }

    /** Returns these devices without a driver. */
    public EmulatedDevices absent(String reason) {
        return new EmulatedDevices(reason, obstacle, totalBytes, launches);
    }

    /** Returns these devices with an obstacle. */
    public EmulatedDevices unusable(String reason) {
        return new EmulatedDevices(absence, reason, totalBytes, launches);
    }

    /** Returns these devices with another size of the memory. */
    public EmulatedDevices withBytes(long bytes) {
        return new EmulatedDevices(absence, obstacle, bytes, launches);
    }

    /** Returns these devices with an error after a number of launches of graphs. */
    public EmulatedDevices failingAfter(int graphs) {
        return new EmulatedDevices(absence, obstacle, totalBytes, graphs);
    }

    /** Returns the number of devices that are open in this process. */
    public static int open() {
        return EmulatedDevice.openDevices();
    }

    /** Returns the number of devices that were opened by any such object. */
    public static int opened() {
        return OPENED.get();
    }

    /** Lets this process use devices again after an error. */
    public static void forgetFailure() {
        System.clearProperty(DeviceFailure.PROPERTY);
    }

    @Override
    public Optional<String> findAbsence() {
        return Optional.of(absence).filter(reason -> !reason.isEmpty());
    }

    @Override
    public Optional<String> findObstacle() {
        return Optional.of(obstacle).filter(reason -> !reason.isEmpty());
    }

    @Override
    public Device open(Consumer<String> warnings) {
        OPENED.incrementAndGet();
        Device device =
                new EmulatedDevice(EmulatedDevice.Options.DEFAULT.withTotalBytes(totalBytes));
        return launches < 0 ? device : new FailingDevice(device, launches);
    }
}
