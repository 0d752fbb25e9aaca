package io.freshet.pipeline;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;

/**
 * Reader of values that properties of Kafka's clients and other settings refer to, such as {@code
 * ${file:FILE:KEY}}, by the same means as the clients: KIP-421.
 */
final class SecretReferences {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}:]+):([^}]*)\\}");

    private SecretReferences() {}

    /**
     * Returns the properties with references replaced by their values, which may be secrets.
     *
     * @param client properties. Not modified.
     * @throws PreflightException naming the first reference that cannot be read
     */
    static Map<String, String> resolve(Map<String, String> client) throws PreflightException {
        return resolve(client, KafkaConfig.PREFIX);
    }

    /**
     * Returns a text of another setting with its references replaced, by the providers that {@code
     * kafka.config.providers} names.
     *
     * @param key name of the setting
     * @throws PreflightException naming the reference that cannot be read
     */
    static String resolve(KafkaConfig kafka, String key, String text) throws PreflightException {
        Map<String, String> properties = new TreeMap<>();
        kafka.client()
                .forEach(
                        (name, value) -> {
                            if (name.startsWith(AbstractConfig.CONFIG_PROVIDERS_CONFIG)) {
                                properties.put(name, value);
                            }
                        });
        properties.put(key, text);
        return resolve(properties, "").getOrDefault(key, text);
    }

    /**
     * @param prefix prefix of the properties' names in messages
     */
    private static Map<String, String> resolve(Map<String, String> client, String prefix)
            throws PreflightException {
        if (!client.containsKey(AbstractConfig.CONFIG_PROVIDERS_CONFIG)) {
            for (Map.Entry<String, String> property : new TreeMap<>(client).entrySet()) {
                Matcher reference = REFERENCE.matcher(property.getValue());
                if (reference.find()) {
                    throw new PreflightException(
                            refersTo(prefix + property.getKey(), reference)
                                    + KafkaConfig.PREFIX
                                    + AbstractConfig.CONFIG_PROVIDERS_CONFIG
                                    + " names no providers");
                }
            }
            return client;
        }
        Map<String, String> resolved = new TreeMap<>();
        try {
            new AbstractConfig(new ConfigDef(), client, false)
                    .originals()
                    .forEach((key, value) -> resolved.put(key, String.valueOf(value)));
        } catch (KafkaException e) {
            throw new PreflightException(
                    (prefix.isEmpty()
                                    ? "references to secrets"
                                    : "the references in properties of Kafka's clients")
                            + " cannot be read ("
                            + KafkaConfig.PREFIX
                            + AbstractConfig.CONFIG_PROVIDERS_CONFIG
                            + "): "
                            + ExceptionUtils.getRootCause(e),
                    e);
        }
        for (Map.Entry<String, String> property : new TreeMap<>(client).entrySet()) {
            Matcher reference = REFERENCE.matcher(property.getValue());
            while (reference.find()) {
                // Kafka's clients leave a reference as it is if there is nothing to replace it.
                if (resolved.getOrDefault(property.getKey(), "").contains(reference.group())) {
                    throw new PreflightException(
                            refersTo(prefix + property.getKey(), reference)
                                    + "provider "
                                    + reference.group(1)
                                    + " finds no such value");
                }
            }
        }
        return resolved;
    }

    private static String refersTo(String key, Matcher reference) {
        return key + " refers to " + reference.group() + ", but ";
    }
}
