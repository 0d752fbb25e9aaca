package io.freshet.model.cuda;

/** A fixed sequence of work, which a stream runs with one call. */
public interface DeviceGraph {}
