package io.freshet.pipeline;

import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import java.util.Optional;
import java.util.function.Consumer;

/** Check of the schema registry, if the job needs one, before the job starts. */
public final class RegistryPreflight {
    private RegistryPreflight() {}

    /**
     * Checks that the registry answers and accepts the login. It takes at most five seconds for
     * each address.
     *
     * @param warnings receives a sentence with the addresses and reasons if the registry does not
     *     answer: the job may start, and waits for it
     * @throws PreflightException if the registry rejects the login, or the login cannot be read
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public static void check(JobConfig config, Consumer<String> warnings)
            throws PreflightException, InterruptedException {
        Optional<SchemaRegistry> registry = config.topics().connectRegistry(new RegistryHealth());
        if (registry.isEmpty()) {
            return;
        }
        try (SchemaRegistry client = registry.get()) {
            client.outage()
                    .ifPresent(
                            reason -> warnings.accept(reason + "; the job waits until it answers"));
        } catch (RegistryRefusedException e) {
            throw new PreflightException(String.valueOf(e.getMessage()), e);
        }
    }
}
