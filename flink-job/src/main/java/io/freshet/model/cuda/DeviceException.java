package io.freshet.model.cuda;

/** An error that a CUDA device or one of its libraries reported. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * @param message the call and the error, in one line
     */
    public DeviceException(String message) {
        super(message);
    }
}
