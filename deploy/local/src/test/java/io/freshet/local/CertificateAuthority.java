package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Certificate authority for tests, whose keys are made by the JDK's keytool when a test runs. */
final class CertificateAuthority {
    /** Password of every key store and trust store, which must not appear in any log. */
    static final String PASSWORD = "canary-5b1d";

    private static final String AUTHORITY = "authority";
    private static final String BROKER = "broker";

    private final Path directory;
    private final Path authority;
    private final Path trustStore;

    /** Creates an authority that keeps its files in a new directory. */
    CertificateAuthority(Path directory) throws IOException, InterruptedException {
        this.directory = Files.createDirectories(directory);
        authority = directory.resolve("authority.p12");
        trustStore = directory.resolve("truststore.p12");
        Path certificate = directory.resolve("authority.crt");
        keytool(
                authority,
                "-genkeypair",
                "-alias",
                AUTHORITY,
                "-dname",
                "CN=Test authority " + directory.getFileName(),
                "-keyalg",
                "EC",
                "-ext",
                "bc:c");
        keytool(authority, "-exportcert", "-alias", AUTHORITY, "-file", certificate.toString());
        keytool(
                trustStore,
                "-importcert",
                "-noprompt",
                "-alias",
                AUTHORITY,
                "-file",
                certificate.toString());
    }

    /** Returns a trust store with the certificate of this authority. */
    Path trustStore() {
        return trustStore;
    }

    /**
     * Writes a key store with a key of a broker and its certificate.
     *
     * @param keyStore replaced if it exists
     * @param host name for which the certificate is valid
     */
    void issue(Path keyStore, String host) throws IOException, InterruptedException {
        issue(keyStore, host, List.of("-validity", "30"));
    }

    /** Writes a key store with a certificate that expired yesterday. */
    void issueExpired(Path keyStore, String host) throws IOException, InterruptedException {
        issue(keyStore, host, List.of("-startdate", "-3d", "-validity", "2"));
    }

    private void issue(Path keyStore, String host, List<String> validity)
            throws IOException, InterruptedException {
        Path copy = Files.createTempFile(directory, "keystore", ".p12");
        Files.copy(authority, copy, StandardCopyOption.REPLACE_EXISTING);
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-genkeypair",
                                "-alias",
                                BROKER,
                                "-signer",
                                AUTHORITY,
                                "-dname",
                                "CN=" + host,
                                "-keyalg",
                                "EC",
                                "-ext",
                                "san=dns:" + host));
        arguments.addAll(validity);
        keytool(copy, arguments.toArray(String[]::new));
        keytool(copy, "-delete", "-alias", AUTHORITY);
        Files.move(copy, keyStore, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void keytool(Path store, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
    }

    /** Returns the properties of a broker that has a key store. */
    static Map<String, String> broker(Path keyStore) {
        return Map.of(
                "ssl.keystore.location",
                keyStore.toString(),
                "ssl.keystore.password",
                PASSWORD,
                "ssl.key.password",
                PASSWORD);
    }

    /** Returns the properties of a client that trusts this authority. */
    Map<String, String> client() {
        return Map.of(
                "ssl.truststore.location",
                trustStore.toString(),
                "ssl.truststore.password",
                PASSWORD);
    }
}
