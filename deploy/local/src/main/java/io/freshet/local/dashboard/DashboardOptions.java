package io.freshet.local.dashboard;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the page is served. */
public final class DashboardOptions {
    private static final int USUAL_PORT = 8099;
    private static final int HIGHEST_PORT = 65_535;

    @Option(
            names = "--dashboard-port",
            paramLabel = "PORT",
            description =
                    "Port of the page; 0 is any free one (default: "
                            + USUAL_PORT
                            + ", or any free one if that is taken).")
    private @Nullable Integer port;

    @Option(
            names = "--dashboard-host",
            paramLabel = "NAME",
            defaultValue = "localhost",
            description =
                    "Name or address to serve the page under (default: ${DEFAULT-VALUE}, for this"
                            + " machine only). It asks nobody for a password.")
    private String host = "localhost";

    /** Starts serving. */
    public Dashboard start(DashboardData data) throws IOException {
        if (port != null && (port < 0 || port > HIGHEST_PORT)) {
            throw new UserException("--dashboard-port " + port + ": must be 0 to " + HIGHEST_PORT);
        }
        try {
            InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new UserException("--dashboard-host " + host + ": no such host is known", e);
        }
        try {
            return Dashboard.start(data, host, port == null ? USUAL_PORT : port);
        } catch (BindException e) {
            if (port == null) {
                return Dashboard.start(data, host, Dashboard.ANY_PORT);
            }
            throw new UserException(
                    "port "
                            + port
                            + " of "
                            + host
                            + " cannot be had for the page: "
                            + e.getMessage()
                            + " (--dashboard-port, --dashboard-host)",
                    e);
        }
    }
}
