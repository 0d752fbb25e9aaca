package io.freshet.model.cuda.device;

/** A fixed sequence of work, which a stream runs with one call. */
public interface DeviceGraph {}
