package io.freshet.local.dashboard;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options for the address of the dashboard. */
public final class DashboardOptions {
    private static final int DEFAULT_PORT = 8099;
    private static final int MAX_PORT = 65_535;

    @Option(
            names = "--dashboard-port",
            paramLabel = "PORT",
            description =
                    "Port of the dashboard; 0 for any free port (default: "
                            + DEFAULT_PORT
                            + ", or any free port if that is in use).")
    private @Nullable Integer port;

    @Option(
            names = "--dashboard-host",
            paramLabel = "NAME",
            defaultValue = "localhost",
            description =
                    "Name or address to serve the dashboard under (default: ${DEFAULT-VALUE}, for"
                            + " this machine only). It has no authentication.")
    private String host = "localhost";

    /**
     * Starts the dashboard.
     *
     * @throws UserException if it cannot be served there
     */
    public Dashboard start(DashboardData data) throws IOException {
        if (port != null && (port < 0 || port > MAX_PORT)) {
            throw new UserException("--dashboard-port " + port + ": must be 0 to " + MAX_PORT);
        }
        try {
            InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new UserException("--dashboard-host " + host + ": unknown host", e);
        }
        try {
            return Dashboard.start(data, host, port == null ? DEFAULT_PORT : port);
        } catch (BindException e) {
            if (port == null) {
                return Dashboard.start(data, host, Dashboard.ANY_PORT);
            }
            throw new UserException(
                    "port "
                            + port
                            + " of "
                            + host
                            + " cannot be used for the dashboard: "
                            + e.getMessage()
                            + " (--dashboard-port, --dashboard-host)",
                    e);
        }
    }
}
