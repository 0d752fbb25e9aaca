package io.freshet.local.serve;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Collections;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Key store, PKCS #12, with the server's key and certificate. */
final class TlsKeyStore {
    private static final String TYPE = "PKCS12";

    private final Path file;
    private final String password;

    /**
     * @throws UserException if the key store cannot be read, or has no key with this password
     */
    TlsKeyStore(Path file, String password) {
        this.file = file;
        this.password = password;
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(TYPE);
            store.load(in, password.toCharArray());
            boolean hasKey = false;
            for (String alias : Collections.list(store.aliases())) {
                Key key = store.getKey(alias, password.toCharArray());
                hasKey |= key != null;
            }
            if (!hasKey) {
                throw new UserException("--tls-keystore " + file + " has no private key");
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new UserException(
                    "--tls-keystore "
                            + file
                            + " cannot be read as PKCS #12 with the password: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Returns Jetty's configuration of TLS. */
    SslContextFactory.Server contextFactory() {
        SslContextFactory.Server factory = new SslContextFactory.Server();
        factory.setKeyStorePath(file.toUri().toString());
        factory.setKeyStoreType(TYPE);
        factory.setKeyStorePassword(password);
        return factory;
    }

    /** Does not contain the password. */
    @Override
    public String toString() {
        return file.toString();
    }
}
