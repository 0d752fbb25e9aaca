package io.freshet.model.cuda.device;

/** An error that a CUDA device or one of its libraries reported. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean isOutOfMemory;

    /**
     * @param message the call and the error, in one line
     */
    public DeviceException(String message) {
        this(message, false);
    }

    private DeviceException(String message, boolean isOutOfMemory) {
        super(message);
        this.isOutOfMemory = isOutOfMemory;
    }

    /**
     * Returns the error where memory is too small, of the device or of the host.
     *
     * @param problem what was wanted and what there is, in one line, to which what to do is added
     */
    public static DeviceException outOfMemory(String problem) {
        return new DeviceException(
                problem + "; end what else uses the memory, or take a smaller model", true);
    }

    /** Returns whether memory was too small, after which the device works as before. */
    public boolean isOutOfMemory() {
        return isOutOfMemory;
    }
}
