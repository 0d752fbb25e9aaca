package io.freshet.registry;

/**
 * Refusal of a request by a schema registry that asking again does not change: of the login, of a
 * permission, or of a schema.
 */
public class RegistryRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param message description of the refusal, with the setting or the schema to correct
     */
    public RegistryRefusedException(String message) {
        super(message);
    }

    /** Refusal of one request, whose login the registry accepts. */
    static final class Forbidden extends RegistryRefusedException {
        private static final long serialVersionUID = 1;

        Forbidden(String message) {
            super(message);
        }
    }
}
