package io.freshet.local.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** TCP proxy on a loopback port that can cut the network between clients and one server. */
final class TcpProxy implements AutoCloseable {
    private static final int BACKLOG = 200;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    /** State of the network. */
    private enum Network {
        WORKS,
        /** Connections are reset, and new ones too. */
        RESETS,
        /** Nothing arrives, and nobody is told; what was sent arrives when the network works. */
        SILENT
    }

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private Network network = Network.WORKS;

    private TcpProxy(ServerSocket server, int target) {
        this.server = server;
        this.target = target;
    }

    /**
     * Starts a proxy on a free loopback port.
     *
     * @param target loopback port of the server, which need not be listening yet
     */
    static TcpProxy start(int target) throws IOException {
        TcpProxy proxy =
                new TcpProxy(
                        new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()), target);
        proxy.startThread(proxy::accept);
        return proxy;
    }

    int port() {
        return server.getLocalPort();
    }

    /** Resets all connections, and every new one. */
    void reset() {
        set(Network.RESETS);
        sockets.forEach(TcpProxy::resetQuietly);
    }

    /** Forwards nothing in either direction; connections stay open. */
    void silence() {
        set(Network.SILENT);
    }

    /** Ends the cut. */
    void heal() {
        set(Network.WORKS);
    }

    private synchronized void set(Network state) {
        network = state;
        notifyAll();
    }

    private synchronized boolean resets() {
        return network == Network.RESETS;
    }

    private synchronized void awaitForwarding() throws InterruptedException {
        while (network == Network.SILENT) {
            wait();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                sockets.add(client);
                if (resets()) {
                    resetQuietly(client);
                } else {
                    startThread(() -> connect(client));
                }
            } catch (IOException e) {
                if (!server.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void connect(Socket client) {
        Socket upstream = new Socket();
        sockets.add(upstream);
        try {
            awaitForwarding();
            upstream.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), target),
                    CONNECT_TIMEOUT_MILLIS);
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
        } catch (IOException e) {
            // The server is down: to the client, the connection is refused.
            resetQuietly(client);
            resetQuietly(upstream);
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        startThread(() -> forward(client, upstream));
        forward(upstream, client);
    }

    private void forward(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitForwarding();
                out.write(buffer, 0, read);
            }
            closeQuietly(to);
            closeQuietly(from);
        } catch (IOException e) {
            // One side has gone, as it would without the proxy.
            resetQuietly(to);
            resetQuietly(from);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void resetQuietly(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    private void closeQuietly(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    private void startThread(Runnable task) {
        Thread thread = new Thread(task, "proxy-" + server.getLocalPort());
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
        heal();
        sockets.forEach(TcpProxy::resetQuietly);
    }
}
