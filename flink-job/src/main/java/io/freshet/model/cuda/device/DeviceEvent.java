package io.freshet.model.cuda.device;

/** A place in the work of a stream, for which the host or another stream can wait. */
public interface DeviceEvent {
    /** Waits until the work before the event has ended; returns at once if it was not recorded. */
    void synchronize();
}
