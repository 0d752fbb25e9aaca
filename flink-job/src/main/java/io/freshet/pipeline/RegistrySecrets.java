package io.freshet.pipeline;

import java.io.Serializable;
import java.util.function.UnaryOperator;

/**
 * Reader of the login at a schema registry, in the process that uses it, by the providers that
 * {@code kafka.config.providers} names.
 *
 * @param kafka configuration with the providers
 */
record RegistrySecrets(KafkaConfig kafka) implements UnaryOperator<String>, Serializable {
    /** Failure to read what a reference refers to. */
    static final class UnreadableException extends IllegalStateException {
        private static final long serialVersionUID = 1;

        UnreadableException(PreflightException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * Returns a text with its references replaced.
     *
     * @throws UnreadableException naming the reference that cannot be read
     */
    @Override
    public String apply(String text) {
        try {
            return SecretReferences.resolve(kafka, "schema.registry.basic-auth", text);
        } catch (PreflightException e) {
            throw new UnreadableException(e);
        }
    }
}
