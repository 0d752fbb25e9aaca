package io.freshet.local.serve;

import io.freshet.follow.SnapshotFollower;
import io.freshet.local.cli.UserException;
import io.freshet.pipeline.PreflightException;
import io.freshet.pipeline.ServingConfig;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options of the server. */
public final class ServeOptions {
    private static final int MAX_PORT = 65_535;
    private static final int MAX_REQUESTS = 1_000;
    private static final int MAX_VERSIONS = 1_000;
    private static final int MAX_MODELS = 1_000_000;
    private static final int MIN_BODY_BYTES = 1 << 10;
    private static final int MAX_BODY_BYTES = 256 << 20;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8090",
            description = "Port; 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--host",
            paramLabel = "NAME",
            defaultValue = "localhost",
            description =
                    "Name or address to serve under (default: ${DEFAULT-VALUE}, for this machine"
                            + " only).")
    private String host = "localhost";

    @Option(
            names = "--max-body",
            paramLabel = "BYTES",
            defaultValue = "1048576",
            description = "Largest body of a request (default: ${DEFAULT-VALUE}).")
    private int maxBody;

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            defaultValue = "64",
            description =
                    "Requests to predict that are answered at once; further ones are refused with"
                            + " 503 (default: ${DEFAULT-VALUE}).")
    private int maxRequests;

    @Option(
            names = "--versions",
            paramLabel = "N",
            defaultValue = "3",
            description =
                    "Versions of each model that are kept, for ?version= (default:"
                            + " ${DEFAULT-VALUE}).")
    private int versions;

    @Option(
            names = "--max-models",
            paramLabel = "N",
            defaultValue = "1000",
            description =
                    "Models that are served; records of further ones are counted (default:"
                            + " ${DEFAULT-VALUE}).")
    private int maxModels;

    @Option(
            names = "--tls-keystore",
            paramLabel = "FILE",
            description =
                    "Key and certificate, PKCS #12: serves HTTPS. The file is read again when it"
                            + " changes.")
    private @Nullable Path keyStore;

    @Option(
            names = "--tls-password",
            paramLabel = "REFERENCE",
            description =
                    "Reference to the password of the key store, such as"
                            + " $${dir:/run/secrets:keystore}, by the providers in"
                            + " kafka.config.providers.")
    private @Nullable String password;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with a token that requests must have: Authorization: Bearer TOKEN.")
    private @Nullable Path token;

    /**
     * Starts to follow the topic of snapshots.
     *
     * @throws UserException if an option cannot be used
     */
    public SnapshotFollower follow(ServingConfig config) {
        requireRange("--versions", versions, 1, MAX_VERSIONS);
        requireRange("--max-models", maxModels, 1, MAX_MODELS);
        return SnapshotFollower.of(config.models(), config.kafka().client())
                .keptVersions(versions)
                .maxModels(maxModels)
                .start();
    }

    /**
     * Starts the server.
     *
     * @throws UserException if an option cannot be used
     * @throws PreflightException if the password of the key store cannot be read
     */
    public ModelServer serve(ServingConfig config, SnapshotFollower models)
            throws IOException, PreflightException {
        ServerSettings settings = settings(config);
        try {
            return ModelServer.start(settings, models);
        } catch (BindException e) {
            throw new UserException(
                    "port "
                            + port
                            + " of "
                            + host
                            + " cannot be used: "
                            + e.getMessage()
                            + " (--port, --host)",
                    e);
        }
    }

    /** Returns whether other machines reach the server, and need no token. */
    public boolean isOpenToOthers() throws UnknownHostException {
        return token == null && !InetAddress.getByName(host).isLoopbackAddress();
    }

    private ServerSettings settings(ServingConfig config) throws PreflightException {
        requireRange("--port", port, 0, MAX_PORT);
        requireRange("--max-requests", maxRequests, 1, MAX_REQUESTS);
        requireRange("--max-body", maxBody, MIN_BODY_BYTES, MAX_BODY_BYTES);
        try {
            InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new UserException("--host " + host + ": unknown host", e);
        }
        return new ServerSettings(
                host,
                port,
                maxBody,
                maxRequests,
                config.events(),
                keyStore(config),
                token == null ? null : BearerToken.read(token));
    }

    private @Nullable TlsKeyStore keyStore(ServingConfig config) throws PreflightException {
        if ((keyStore == null) != (password == null)) {
            throw new UserException("--tls-keystore and --tls-password need each other");
        }
        if (keyStore == null || password == null) {
            return null;
        }
        String resolved = config.resolve("--tls-password", password);
        if (resolved.equals(password)) {
            throw new UserException(
                    "--tls-password must refer to a secret, such as"
                            + " ${dir:/run/secrets:keystore}: others can see the options of a"
                            + " process");
        }
        return new TlsKeyStore(keyStore, resolved);
    }

    private static void requireRange(String option, int value, int least, int largest) {
        if (value < least || value > largest) {
            throw new UserException(option + " " + value + ": must be " + least + " to " + largest);
        }
    }
}
