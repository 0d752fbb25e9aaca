package io.freshet.local.http;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Access rules of an HTTP server without authentication: it accepts requests only under its own
 * names, and refuses those from pages of other origins.
 *
 * <p>The loopback interface keeps other machines out, but not the web pages that a browser on this
 * machine shows: their scripts, forms, images and frames can send requests to the server. Therefore
 *
 * <ol>
 *   <li>a request must have a {@code Host} header, and every {@code Host} header must be a name of
 *       this server, with any port. To the browser, a page whose own name was made to resolve to
 *       this machine (DNS rebinding) has the same origin as the server; only this name reveals it;
 *   <li>a request whose {@code Origin} differs from the requested {@code Host}, or is {@code null},
 *       is refused, whatever its method;
 *   <li>a request whose {@code Sec-Fetch-Site} is neither {@code same-origin} nor {@code none} is
 *       refused, unless its {@code Sec-Fetch-Mode} is {@code navigate}, since other pages may link
 *       to the server. Browsers from before 2023 may send neither header;
 *   <li>where other programs may write, browsers may not, not even from a page of this server:
 *       {@link #refusalToWrite}. A browser is recognised by {@code Origin}, {@code Referer}, any
 *       {@code Sec-Fetch-*} header, or a {@code User-Agent} that begins with {@code Mozilla/}, as
 *       every browser's does. At least one of them is always present: requests for images have no
 *       {@code Origin}, a page can suppress {@code Referer}, and old browsers do not send {@code
 *       Sec-Fetch-*}, but no page can change the {@code User-Agent} of a request to another site
 *       unless that site allows it.
 * </ol>
 *
 * <p>Other programs on this machine can send any headers. The rules do not restrict them: a program
 * that runs on this machine does not need a browser to do harm.
 */
public final class RequestRules {
    private static final List<String> BROWSERS_HEADERS =
            List.of(
                    "Origin",
                    "Referer",
                    "Sec-Fetch-Site",
                    "Sec-Fetch-Mode",
                    "Sec-Fetch-Dest",
                    "Sec-Fetch-User");

    private static final Pattern AUTHORITY = Pattern.compile("(?<host>\\[[^]]*]|[^:]*)(:[0-9]*)?");

    private final Set<String> names = new TreeSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    /** Headers of a request, independent of the server library. */
    @FunctionalInterface
    public interface Headers {
        /**
         * Returns the values of a header, one for each occurrence.
         *
         * @param name name of the header, in any case
         */
        List<String> values(String name);
    }

    /**
     * Response to a refused request.
     *
     * @param status HTTP status
     * @param sentence reason, for people
     */
    public record Refusal(int status, String sentence) {
        private static final int FORBIDDEN = 403;
        private static final int MISDIRECTED_REQUEST = 421;
    }

    /** Creates the rules of a server that is reached by loopback names only. */
    public RequestRules() {}

    /**
     * Creates the rules of a server that has another name too.
     *
     * @param name host name or address; IPv6 with or without brackets
     */
    public RequestRules(String name) {
        names.add(
                (name.indexOf(':') < 0 || name.startsWith("[") ? name : "[" + name + "]")
                        .toLowerCase(Locale.ROOT));
    }

    /** Returns why a request is refused, whatever its path and method; empty if it is allowed. */
    public Optional<Refusal> refusal(Headers headers) {
        List<String> hosts = headers.values("Host");
        if (hosts.isEmpty()) {
            return Optional.of(misdirected());
        }
        for (String host : hosts) {
            Optional<Refusal> refusal = refusalOfHost(host);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return isFromAnotherOrigin(headers, hosts.get(0)) || isFromAnotherSite(headers)
                ? Optional.of(
                        new Refusal(
                                Refusal.FORBIDDEN, "Only pages of this server may send requests."))
                : Optional.empty();
    }

    /**
     * Returns why a request for a host is refused; empty if the host is this server.
     *
     * @param authority host, with or without a port
     */
    public Optional<Refusal> refusalOfHost(String authority) {
        Matcher matcher = AUTHORITY.matcher(authority);
        return matcher.matches() && names.contains(matcher.group("host").toLowerCase(Locale.ROOT))
                ? Optional.empty()
                : Optional.of(misdirected());
    }

    private Refusal misdirected() {
        return new Refusal(
                Refusal.MISDIRECTED_REQUEST,
                "This server accepts requests only under these names: "
                        + String.join(", ", names)
                        + ".");
    }

    /**
     * Returns why a request that would change something is refused; empty if no browser sent it.
     */
    public static Optional<Refusal> refusalToWrite(Headers headers) {
        return isFromABrowser(headers)
                ? Optional.of(new Refusal(Refusal.FORBIDDEN, "Browsers may only read."))
                : Optional.empty();
    }

    private static boolean isFromAnotherOrigin(Headers headers, String host) {
        return headers.values("Origin").stream()
                .anyMatch(
                        origin ->
                                !origin.equalsIgnoreCase("http://" + host)
                                        && !origin.equalsIgnoreCase("https://" + host));
    }

    private static boolean isFromAnotherSite(Headers headers) {
        return headers.values("Sec-Fetch-Site").stream()
                        .anyMatch(site -> !site.equals("same-origin") && !site.equals("none"))
                && !headers.values("Sec-Fetch-Mode").equals(List.of("navigate"));
    }

    private static boolean isFromABrowser(Headers headers) {
        return BROWSERS_HEADERS.stream().anyMatch(name -> !headers.values(name).isEmpty())
                || headers.values("User-Agent").stream()
                        .anyMatch(agent -> agent.startsWith("Mozilla/"));
    }
}
