package io.freshet.ingest;

/**
 * A message set aside, byte for byte.
 *
 * @param message the message
 * @param modelId the model that it was meant for; "" where that could not be read or is not allowed
 * @param reason why
 * @param detail the same for a person, with the value that offended
 */
public record DeadLetter(
        RawMessage message, String modelId, DeadLetterReason reason, String detail) {}
