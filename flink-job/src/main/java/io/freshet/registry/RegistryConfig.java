package io.freshet.registry;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the client of a schema registry.
 *
 * @param urls addresses of one registry, without a slash at the end; at least one
 * @param user user name, or a reference to it; null without a login
 * @param password reference to the password; null without a login
 * @param autoRegister whether a schema that the registry does not know is registered
 */
public record RegistryConfig(
        List<URI> urls, @Nullable String user, @Nullable String password, boolean autoRegister)
        implements Serializable {

    public static final Key<List<String>> URLS =
            Key.ofList(
                            "schema.registry.url",
                            "",
                            "Address of a Confluent-compatible schema registry, such as"
                                    + " https://registry.example.com:8081; of several, separated by"
                                    + " commas, the first that answers is used. While none answers,"
                                    + " events wait. Certificates are those that the JVM trusts.")
                    .changeable();
    public static final Key<Optional<String>> USER =
            Key.ofOptionalText(
                            "schema.registry.basic-auth.user",
                            "User name at the schema registry (HTTP basic authentication).")
                    .changeable();
    public static final Key<Optional<String>> PASSWORD =
            Key.ofOptionalText(
                            "schema.registry.basic-auth.password",
                            "Reference to the password at the schema registry, such as"
                                + " ${dir:/run/secrets/freshet:registry}; kafka.config.providers"
                                + " reads it. The password itself is refused, since settings are"
                                + " part of the job's state.")
                    .changeable();
    public static final Key<Boolean> AUTO_REGISTER =
            Key.ofBoolean(
                            "schema.registry.auto-register",
                            true,
                            "Whether schemas of published records are registered. If false, they"
                                    + " must be registered already.")
                    .changeable();

    /** The keys that matter where schemas are only read. */
    public static final List<Key<?>> SOURCE_KEYS = List.of(URLS, USER, PASSWORD);

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = List.of(URLS, USER, PASSWORD, AUTO_REGISTER);

    private static final String REFERENCE = "(?s).*\\$\\{[^}:]+:[^}]*}.*";

    public RegistryConfig {
        if (urls.isEmpty() || (user == null) != (password == null)) {
            throw new IllegalArgumentException(
                    urls + ", user " + (user != null) + ", password " + (password != null));
        }
        urls = List.copyOf(urls);
    }

    /** Reads the configuration, if a registry is configured; adds problems to the settings. */
    public static Optional<RegistryConfig> from(Settings settings) {
        List<URI> urls = new ArrayList<>();
        for (String url : settings.get(URLS)) {
            try {
                urls.add(parse(url));
            } catch (URISyntaxException e) {
                // A part of the address may be a password: it is not quoted.
                settings.problem(URLS + ": " + e.getReason());
            }
        }
        String user = settings.get(USER).orElse(null);
        String password = settings.get(PASSWORD).orElse(null);
        if ((user == null) != (password == null)) {
            settings.problem(
                    (user == null
                                    ? USER + " is missing: " + PASSWORD
                                    : PASSWORD + " is missing: " + USER)
                            + " is set");
        }
        if (password != null && !password.matches(REFERENCE)) {
            settings.problem(
                    PASSWORD
                            + " must be a reference, such as ${dir:/run/secrets/freshet:registry},"
                            + " and not the password itself");
        }
        if (user != null && settings.get(URLS).isEmpty()) {
            settings.problem(USER + " has no effect without " + URLS);
        }
        return urls.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new RegistryConfig(
                                urls,
                                password == null ? null : user,
                                user == null ? null : password,
                                settings.get(AUTO_REGISTER)));
    }

    /**
     * Reads the configuration; adds problems to the settings, also if there is no registry.
     *
     * @param format key whose value needs a registry
     */
    public static Optional<RegistryConfig> require(Settings settings, Key<?> format) {
        if (settings.get(URLS).isEmpty()) {
            settings.problem(
                    URLS + " is missing: " + settings.assignment(format) + " needs a registry");
        }
        return from(settings);
    }

    private static URI parse(String text) throws URISyntaxException {
        URI url;
        try {
            url = new URI(text.replaceAll("/+$", ""));
        } catch (URISyntaxException e) {
            throw new URISyntaxException(text, "one of the addresses is no URL");
        }
        if (url.getScheme() == null
                || !url.getScheme().matches("(?i)https?")
                || url.getHost() == null) {
            throw new URISyntaxException(
                    text, "each address must be http:// or https://, with a host");
        }
        if (url.getRawUserInfo() != null) {
            throw new URISyntaxException(
                    text, "a login in an address is not hidden; use " + USER + " and " + PASSWORD);
        }
        if (url.getRawQuery() != null || url.getRawFragment() != null) {
            throw new URISyntaxException(text, "an address must have neither query nor fragment");
        }
        return url;
    }

    /** Contains only the addresses. */
    @Override
    public String toString() {
        return "RegistryConfig" + urls;
    }
}
