package io.freshet.local.serve;

import io.freshet.follow.SnapshotFollower;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.HostPort;
import org.eclipse.jetty.util.ssl.KeyStoreScanner;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * HTTP server that predicts with the models of a {@link SnapshotFollower}, on Jetty. It closes
 * after the requests that it has begun to answer.
 */
public final class ModelServer implements AutoCloseable {
    private static final int OTHER_THREADS = 16;
    private static final int MAX_CONNECTIONS = 1_000;
    private static final long IDLE_MILLIS = TimeUnit.SECONDS.toMillis(30);
    private static final long STOP_MILLIS = TimeUnit.SECONDS.toMillis(30);
    private static final int SCAN_SECONDS = 10;

    private final ServerSettings settings;
    private final Server server;
    private final ServerConnector connector;

    private ModelServer(ServerSettings settings, SnapshotFollower models) {
        this.settings = settings;
        QueuedThreadPool threads =
                new QueuedThreadPool(settings.maxRequests() + OTHER_THREADS, OTHER_THREADS / 2);
        threads.setName("freshet-serve");
        threads.setDaemon(true);
        server = new Server(threads);
        server.setStopTimeout(STOP_MILLIS);
        connector = new ServerConnector(server, 1, 1, connections());
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
        server.setHandler(new GracefulHandler(handler(settings, models)));
        server.setErrorHandler(
                (request, response, callback) -> {
                    int status = response.getStatus();
                    Answers.addHeaders(response);
                    Answers.sendProblem(
                            response,
                            callback,
                            new HttpProblem(
                                    status,
                                    status < HttpStatus.INTERNAL_SERVER_ERROR_500
                                            ? "BAD_REQUEST"
                                            : "FAILED",
                                    HttpStatus.getMessage(status) + "."));
                    return true;
                });
    }

    private static Handler handler(ServerSettings settings, SnapshotFollower models) {
        ServeMetrics metrics = new ServeMetrics(models);
        PredictHandler predict =
                new PredictHandler(
                        models,
                        settings.events(),
                        settings.maxBodyBytes(),
                        settings.maxRequests(),
                        metrics);
        return new ServeHandler(models, metrics, predict, settings.host(), settings.token());
    }

    private ConnectionFactory[] connections() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        // The handler reads the path as it was sent, so that an id may contain any characters.
        http.setUriCompliance(UriCompliance.from(UriCompliance.AMBIGUOUS_VIOLATIONS));
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        TlsKeyStore keyStore = settings.keyStore();
        if (keyStore == null) {
            return new ConnectionFactory[] {plain};
        }
        http.addCustomizer(new SecureRequestCustomizer(false));
        SslContextFactory.Server tls = keyStore.contextFactory();
        KeyStoreScanner renewals = new KeyStoreScanner(tls);
        renewals.setScanInterval(SCAN_SECONDS);
        server.addBean(renewals);
        return new ConnectionFactory[] {new SslConnectionFactory(tls, plain.getProtocol()), plain};
    }

    /**
     * Starts serving.
     *
     * @throws BindException if the port is in use
     * @throws IOException if the server cannot be started
     */
    static ModelServer start(ServerSettings settings, SnapshotFollower models) throws IOException {
        ModelServer started = new ModelServer(settings, models);
        try {
            started.server.start();
            return started;
        } catch (Exception e) {
            started.close();
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof BindException taken) {
                    throw taken;
                }
            }
            throw e instanceof IOException failed ? failed : new IOException(e);
        }
    }

    /** Returns the address of the server. */
    public URI address() {
        return URI.create(
                (settings.keyStore() == null ? "http://" : "https://")
                        + new HostPort(settings.host(), connector.getLocalPort()));
    }

    /** Waits until the server is closed. */
    public void awaitEnd() throws InterruptedException {
        server.join();
    }

    /** Accepts no more requests, answers those that it has begun to answer, and stops. */
    @Override
    public void close() throws IOException {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IOException("the server could not be stopped", e);
        }
    }
}
