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
 * Serves the page and its stream of figures, by Jetty.
 *
 * <p>{@code GET /events?model=ID} is a stream of server-sent events; each is a JSON object with
 * what the reader lacks, the first with the whole history of the model. One thread of its own hands
 * them out, so that neither readers nor their number are felt where the figures come from.
 */
public final class Dashboard implements AutoCloseable {
    /** Any free port. */
    public static final int ANY_PORT = 0;

    static final int MOST_READERS = 32;

    private static final Logger LOG = LoggerFactory.getLogger(Dashboard.class);
    private static final long PACE_MILLIS = 250;
    private static final long FAREWELL_SECONDS = 2;
    private static final int LONGEST_ID = 255;

    /** What the system holds for a reader that does not read. */
    private static final int SEND_BUFFER_BYTES = 64 << 10;

    private final Figures figures;
    private final String host;
    private final PageFiles files;
    private final List<Reader> readers = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService pace =
            Executors.newSingleThreadScheduledExecutor(
                    task -> {
                        Thread thread = new Thread(task, "freshet-dashboard");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final Server server;
    private final ServerConnector connector;
    private int port;

    private Dashboard(Figures figures, String host, int port) throws IOException {
        this.figures = figures;
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
        server.setHandler(new Guard(new Pages(), host));
        server.setErrorHandler(
                (request, response, callback) -> {
                    int status = response.getStatus();
                    Guard.answer(response, callback, status, HttpStatus.getMessage(status) + ".");
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
    public static Dashboard start(Figures figures, String host, int port) throws IOException {
        Dashboard dashboard = new Dashboard(figures, host, port);
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
        dashboard.pace.scheduleWithFixedDelay(
                dashboard::handOut, PACE_MILLIS, PACE_MILLIS, TimeUnit.MILLISECONDS);
        return dashboard;
    }

    /** Where the page is. */
    public URI address() {
        return URI.create("http://" + new HostPort(host, port));
    }

    /** How many pages read the stream. */
    int numReaders() {
        return readers.size();
    }

    private void handOut() {
        for (Reader reader : readers) {
            try {
                reader.advance(figures, System.nanoTime());
            } catch (RuntimeException e) {
                LOG.warn("a page cannot be told the figures", e);
                reader.fail(e);
            }
        }
        readers.removeIf(Reader::isGone);
    }

    /** Tells the pages what is new, ends their streams, and stops. */
    @Override
    public void close() throws IOException {
        if (pace.isShutdown()) {
            return;
        }
        Future<?> farewell = pace.submit(this::bidFarewell);
        pace.shutdown();
        try {
            farewell.get(FAREWELL_SECONDS + 1, TimeUnit.SECONDS);
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

    private void bidFarewell() {
        handOut();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(FAREWELL_SECONDS);
        while (readers.stream().anyMatch(Reader::isWriting) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        readers.forEach(Reader::end);
    }

    /** The page's files and its stream. */
    private final class Pages extends Handler.Abstract.NonBlocking {
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
                Guard.answer(response, callback, HttpStatus.NOT_FOUND_404, "Nothing is here.");
            }
            return true;
        }

        private void events(Request request, Response response, Callback callback) {
            Fields parameters = Request.extractQueryParameters(request);
            String modelId = parameters.getValue("model");
            if (modelId != null && modelId.length() > LONGEST_ID) {
                Guard.answer(
                        response,
                        callback,
                        HttpStatus.BAD_REQUEST_400,
                        "A model's id has at most " + LONGEST_ID + " characters.");
                return;
            }
            if (readers.size() >= MOST_READERS) {
                Guard.answer(
                        response,
                        callback,
                        HttpStatus.SERVICE_UNAVAILABLE_503,
                        MOST_READERS + " pages are open, which is the most that are served.");
                return;
            }
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
            if (HttpMethod.HEAD.is(request.getMethod())) {
                response.write(true, ByteBuffer.allocate(0), callback); // all but the stream
                return;
            }
            Reader reader = new Reader(response, callback, new Cursor(modelId));
            request.addFailureListener(reader::fail);
            readers.add(reader);
            try {
                pace.execute(Dashboard.this::handOut);
            } catch (RejectedExecutionException e) {
                reader.fail(e); // we are closing
            }
        }
    }
}
