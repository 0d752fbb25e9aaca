package io.freshet.model.cuda.device;

import java.util.Optional;

/**
 * The first error of a CUDA device in this process, after which the process does not use devices
 * again: CUDA repeats an error for every later call.
 *
 * <p>It is a system property, so that it outlives the class loader of a job, which a restart may
 * replace.
 */
public final class DeviceFailure {
    static final String PROPERTY = "io.freshet.model.cuda.failure";

    private DeviceFailure() {}

    /** Notes an error, unless there was one before. */
    public static synchronized void note(DeviceException error) {
        if (noted().isEmpty()) {
            System.setProperty(PROPERTY, String.valueOf(error.getMessage()));
        }
    }

    /** Returns the message of the first error; empty if there was none. */
    public static synchronized Optional<String> noted() {
        return Optional.ofNullable(System.getProperty(PROPERTY));
    }
}
