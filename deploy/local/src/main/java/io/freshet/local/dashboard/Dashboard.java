package io.freshet.local.dashboard;

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
 * Serves the page and its stream of data, by Jetty.
 *
 * <p>{@code GET /events?model=ID} is a stream of server-sent events; each is a JSON object with
 * what the reader lacks, the first with the whole history of the model. One thread of its own hands
 * them out, so that neither readers nor their number are felt where the figures come from.
 */
public final class Dashboard implements AutoCloseable {
    /** Any free port. */
    public static final int ANY_PORT = 0;

    static final int MAX_CONNECTIONS = 32;

    private static final Logger LOG = LoggerFactory.getLogger(Dashboard.class);
    private static final long UPDATE_MILLIS = 250;
    private static final long CLOSE_TIMEOUT_SECONDS = 2;
    private static final int MAX_MODEL_ID_LENGTH = 255;

    /** What the system holds for a reader that does not read. */
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
     * @param host the name or address to serve under; {@code localhost} is reached from this
     *     machine only
     * @param port a port, or {@link #ANY_PORT}
     * @throws BindException if the port is taken
     * @throws IOException if it cannot be served there
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what fails for a reader is told there
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

    /** Where the page is. */
    public URI address() {
        return URI.create("http://" + new HostPort(host, port));
    }

    /** How many pages read the stream. */
    int numConnections() {
        return connections.size();
    }

    private void sendUpdates() {
        for (SseConnection connection : connections) {
            try {
                connection.sendUpdate(data, System.nanoTime());
            } catch (RuntimeException e) {
                LOG.warn("a page cannot be told the figures", e);
                connection.fail(e);
            }
        }
        connections.removeIf(SseConnection::isClosed);
    }

    /** Tells the pages what is new, ends their streams, and stops. */
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
            LOG.warn("the pages were not told that it ends", e);
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

    /** The page's files and its stream. */
    private final class PageHandler extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            String path = Request.getPathInContext(request);
            PageFiles.PageFile file = files.at(path);
            if (path.equals("/events")) {
                events(request, response, callback);
            } else if (file != null) {
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, file.contentType());
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, file.content().remaining());
                response.write(true, file.content().duplicate(), callback);
            } else {
                DashboardRequestGuard.answer(
                        response, callback, HttpStatus.NOT_FOUND_404, "Nothing is here.");
            }
            return true;
        }

        private void events(Request request, Response response, Callback callback) {
            Fields parameters = Request.extractQueryParameters(request);
            String modelId = parameters.getValue("model");
            if (modelId != null && modelId.length() > MAX_MODEL_ID_LENGTH) {
                DashboardRequestGuard.answer(
                        response,
                        callback,
                        HttpStatus.BAD_REQUEST_400,
                        "A model's id has at most " + MAX_MODEL_ID_LENGTH + " characters.");
                return;
            }
            if (connections.size() >= MAX_CONNECTIONS) {
                DashboardRequestGuard.answer(
                        response,
                        callback,
                        HttpStatus.SERVICE_UNAVAILABLE_503,
                        MAX_CONNECTIONS + " pages are open, which is the most that are served.");
                return;
            }
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
            if (HttpMethod.HEAD.is(request.getMethod())) {
                response.write(true, ByteBuffer.allocate(0), callback); // all but the stream
                return;
            }
            SseConnection connection =
                    new SseConnection(response, callback, new StreamPosition(modelId));
            request.addFailureListener(connection::fail);
            connections.add(connection);
            try {
                scheduler.execute(Dashboard.this::sendUpdates);
            } catch (RejectedExecutionException e) {
                connection.fail(e); // we are closing
            }
        }
    }
}
