package io.freshet.ingest;

/**
 * A message that could not be used, kept byte for byte, and the reason.
 *
 * @param message the unmodified message
 * @param modelId model that the message was meant for; "" if it could not be read or is not allowed
 * @param reason why the message could not be used
 * @param detail human-readable explanation that contains the invalid value
 */
public record DeadLetter(
        RawMessage message, String modelId, DeadLetterReason reason, String detail) {}
