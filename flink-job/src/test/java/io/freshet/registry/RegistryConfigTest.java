package io.freshet.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryConfigTest {
    private static final Key<String> FORMAT = Key.ofText("source.format", "freshet", "Format.");

    private static Settings settings(Map<String, String> values) {
        return Settings.of(values, RegistryConfig.KEYS, Set.of("source."));
    }

    @Test
    void everyKey_isRead() {
        Settings settings =
                settings(
                        Map.of(
                                "schema.registry.url", "https://a.example.com:8081/, http://b/api",
                                "schema.registry.basic-auth.user", "freshet",
                                "schema.registry.basic-auth.password", "${dir:/run:registry}",
                                "schema.registry.auto-register", "false"));

        assertThat(RegistryConfig.from(settings))
                .contains(
                        new RegistryConfig(
                                List.of(
                                        URI.create("https://a.example.com:8081"),
                                        URI.create("http://b/api")),
                                "freshet",
                                "${dir:/run:registry}",
                                false));
        assertThat(settings.problems()).isEmpty();
    }

    @Test
    void withoutAnAddress_thereIsNoRegistry_andAFormatThatNeedsOneSaysSo() {
        Settings settings = settings(Map.of("source.format", "confluent-avro"));

        assertThat(RegistryConfig.from(settings)).isEqualTo(Optional.empty());
        assertThat(settings.problems()).isEmpty();
        assertThat(RegistryConfig.require(settings, FORMAT)).isEqualTo(Optional.empty());
        assertThat(settings.problems())
                .containsExactly(
                        "schema.registry.url is missing: source.format = confluent-avro needs a"
                                + " registry");
    }

    @Test
    void login_hasTwoParts() {
        Settings settings =
                settings(
                        Map.of(
                                "schema.registry.url", "http://registry",
                                "schema.registry.basic-auth.user", "freshet"));

        assertThat(RegistryConfig.from(settings)).isPresent();
        assertThat(settings.problems())
                .containsExactly(
                        "schema.registry.basic-auth.password is missing:"
                                + " schema.registry.basic-auth.user is set");
    }

    @Test
    void passwordItself_isRefused_andNotRepeated() {
        Settings settings =
                settings(
                        Map.of(
                                "schema.registry.url", "http://registry",
                                "schema.registry.basic-auth.user", "freshet",
                                "schema.registry.basic-auth.password", "canary-1"));

        assertThat(RegistryConfig.from(settings)).isPresent();
        assertThat(settings.problems())
                .singleElement()
                .asString()
                .startsWith("schema.registry.basic-auth.password must be a reference")
                .doesNotContain("canary");
    }

    @ParameterizedTest
    @CsvSource({
        "registry:8081, each address must be http:// or https://",
        "ftp://registry, each address must be http:// or https://",
        "http://, no URL",
        "https://freshet:canary-1@registry, a login in an address is not hidden",
        "https://registry?password=canary-1, neither query nor fragment",
        "http://re gistry canary-1, no URL"
    })
    void addressThatIsNone_isRefused_andNotRepeated(String url, String problem) {
        Settings settings = settings(Map.of("schema.registry.url", url));

        assertThat(RegistryConfig.from(settings)).isEmpty();
        assertThat(settings.problems())
                .singleElement()
                .asString()
                .startsWith("schema.registry.url: ")
                .contains(problem)
                .doesNotContain("canary");
    }

    @Test
    void text_containsOnlyTheAddresses() {
        assertThat(
                        new RegistryConfig(
                                        List.of(URI.create("http://registry")),
                                        "canary-1",
                                        "canary-2",
                                        true)
                                .toString())
                .isEqualTo("RegistryConfig[http://registry]");
    }
}
