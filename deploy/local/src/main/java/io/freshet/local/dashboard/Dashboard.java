package io.freshet.local.dashboard;

import io.freshet.local.prometheus.MetricsPage;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.HostPort;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP server of the dashboard page and its event stream, on Jetty.
 *
 * <p>{@code GET /events?model=ID} is a stream of server-sent events. Each event is a JSON object
 * with the data that the client does not have yet; the first contains the model's whole history. A
 * separate thread sends the events, so that clients do not slow down the reading of results.
 *
 * <p>{@code GET /metrics} returns {@link PrometheusMetrics}.
 */
public final class Dashboard implements AutoCloseable {
    /** Port number that stands for any free port. */
    public static final int ANY_PORT = 0;

    static final int MAX_CONNECTIONS = 32;

    private static final Logger LOG = LoggerFactory.getLogger(Dashboard.class);
    private static final long UPDATE_MILLIS = 250;
    private static final long CLOSE_TIMEOUT_SECONDS = 2;
    private static final int MAX_MODEL_ID_LENGTH = 255;

    /** Size of a socket's send buffer, which limits the memory for a client that does not read. */
    private static final int SEND_BUFFER_BYTES = 64 << 10;

    private final DashboardData data;
    private final String host;
    private final PageFiles files;
    private final List<SseConnection> connections = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService scheduler =
            Executors.newSingleThreadScheduledExecutor(
                    task -> {
                        Thread thread = new Thread(task, "freshet-dashboard");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final Server server;
    private final ServerConnector connector;
    private int port;

    private Dashboard(DashboardData data, String host, int port) throws IOException {
        this.data = data;
        this.host = host;
        files = PageFiles.load();
        QueuedThreadPool threads = new QueuedThreadPool(8, 1);
        threads.setName("freshet-http");
        threads.setDaemon(true);
        server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        server.addConnector(connector);
        server.setHandler(new DashboardRequestGuard(new PageHandler(), host));
        server.setErrorHandler(
                (request, response, callback) -> {
                    int status = response.getStatus();
                    DashboardRequestGuard.answer(
                            response, callback, status, HttpStatus.getMessage(status) + ".");
                    return true;
                });
    }

    /**
     * Starts serving.
     *
     * @param host name or address to bind to; {@code localhost} is reachable from this machine only
     * @param port port, or {@link #ANY_PORT}
     * @throws BindException if the port is in use
     * @throws IOException if the server cannot be started
     */
    @SuppressWarnings("FutureReturnValueIgnored") // failures are handled for each connection
    public static Dashboard start(DashboardData data, String host, int port) throws IOException {
        Dashboard dashboard = new Dashboard(data, host, port);
        try {
            dashboard.server.start();
            dashboard.port = dashboard.connector.getLocalPort();
        } catch (Exception e) {
            dashboard.close();
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof BindException taken) {
                    throw taken;
                }
            }
            throw e instanceof IOException failed ? failed : new IOException(e);
        }
        dashboard.scheduler.scheduleWithFixedDelay(
                dashboard::sendUpdates, UPDATE_MILLIS, UPDATE_MILLIS, TimeUnit.MILLISECONDS);
        return dashboard;
    }

    /** Returns the address of the page. */
    public URI address() {
        return URI.create("http://" + new HostPort(host, port));
    }

    /** Returns the number of open event streams. */
    int numConnections() {
        return connections.size();
    }

    private void sendUpdates() {
        for (SseConnection connection : connections) {
            try {
                connection.sendUpdate(data, System.nanoTime());
            } catch (RuntimeException e) {
                LOG.warn("an update cannot be sent to a page", e);
                connection.fail(e);
            }
        }
        connections.removeIf(SseConnection::isClosed);
    }

    /** Sends the last updates, ends the event streams, and stops the server. */
    @Override
    public void close() throws IOException {
        if (scheduler.isShutdown()) {
            return;
        }
        Future<?> lastUpdates = scheduler.submit(this::sendLastUpdates);
        scheduler.shutdown();
        try {
            lastUpdates.get(CLOSE_TIMEOUT_SECONDS + 1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the last updates were not sent to the pages", e);
        }
        try {
            server.stop();
        } catch (Exception e) {
            throw new IOException("the dashboard could not be stopped", e);
        }
    }

    private void sendLastUpdates() {
        sendUpdates();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_TIMEOUT_SECONDS);
        while (connections.stream().anyMatch(SseConnection::isWriting)
                && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        connections.forEach(SseConnection::end);
    }

    /** Request handler of the page's files and of the event stream. */
    private final class PageHandler extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            String path = Request.getPathInContext(request);
            PageFiles.PageFile file = files.at(path);
            if (path.equals("/events")) {
                events(request, response, callback);
            } else if (path.equals("/metrics")) {
                metrics(request, response, callback);
            } else if (file != null) {
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, file.contentType());
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, file.content().remaining());
                response.write(true, file.content().duplicate(), callback);
            } else {
                DashboardRequestGuard.answer(
                        response, callback, HttpStatus.NOT_FOUND_404, "Not found.");
            }
            return true;
        }

        private void metrics(Request request, Response response, Callback callback) {
            MetricsPage page = data.prometheus().page(request.getHeaders().get(HttpHeader.ACCEPT));
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, page.contentType());
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, page.content().remaining());
            response.write(true, page.content(), callback);
        }

        private void events(Request request, Response response, Callback callback) {
            Fields parameters = Request.extractQueryParameters(request);
            String modelId = parameters.getValue("model");
            if (modelId != null && modelId.length() > MAX_MODEL_ID_LENGTH) {
                DashboardRequestGuard.answer(
                        response,
                        callback,
                        HttpStatus.BAD_REQUEST_400,
                        "A model id has at most " + MAX_MODEL_ID_LENGTH + " characters.");
                return;
            }
            if (connections.size() >= MAX_CONNECTIONS) {
                DashboardRequestGuard.answer(
                        response,
                        callback,
                        HttpStatus.SERVICE_UNAVAILABLE_503,
                        "At most " + MAX_CONNECTIONS + " pages can be open at once.");
                return;
            }
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
            if (HttpMethod.HEAD.is(request.getMethod())) {
                response.write(true, ByteBuffer.allocate(0), callback); // headers only
                return;
            }
            SseConnection connection =
                    new SseConnection(response, callback, new StreamPosition(modelId));
            request.addFailureListener(connection::fail);
            connections.add(connection);
            try {
                scheduler.execute(Dashboard.this::sendUpdates);
            } catch (RejectedExecutionException e) {
                connection.fail(e); // the server is stopping
            }
        }
    }
}
