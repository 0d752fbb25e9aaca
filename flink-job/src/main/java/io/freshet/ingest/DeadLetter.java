package io.freshet.ingest;

/**
 * An event that could not be used, kept byte for byte, and the reason.
 *
 * @param message the unmodified message
 * @param modelId model of the event; "" if its id could not be read or the model is not allowed
 * @param reason why the event could not be used
 * @param detail human-readable explanation that contains the invalid value
 */
public record DeadLetter(
        RawMessage message, String modelId, DeadLetterReason reason, String detail) {}
