package io.freshet.local.http;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Access rules of an HTTP server that asks nobody for a password: it answers under its own names
 * only, and not to pages of other origins.
 *
 * <p>Loopback keeps other machines out, but not the web pages that a browser on this machine shows:
 * their scripts, forms, images and frames can send requests here. So
 *
 * <ol>
 *   <li>a request has a {@code Host}, and every {@code Host} it has is a name of this server,
 *       whatever the port. A page whose own name is made to point to this machine (DNS rebinding)
 *       is of the same origin for the browser, and is known by this name only;
 *   <li>a request whose {@code Origin} is another than the {@code Host} asked, {@code null}
 *       included, is refused, whatever its method;
 *   <li>a request whose {@code Sec-Fetch-Site} is another than {@code same-origin} or {@code none}
 *       is refused, unless its {@code Sec-Fetch-Mode} is {@code navigate}: a link may lead here.
 *       Browsers from before 2023 may send neither;
 *   <li>where other programs may write, browsers may not, not even from a page of this server:
 *       {@link #refusalToWrite}. A browser is known by {@code Origin}, {@code Referer}, any {@code
 *       Sec-Fetch-*} header, or a {@code User-Agent} that begins with {@code Mozilla/}, as that of
 *       every browser does. One of them is always there: an image asks without {@code Origin}, a
 *       page can suppress {@code Referer}, old browsers lack {@code Sec-Fetch-*}, but no page can
 *       change the {@code User-Agent} of a request to another site, unless that site allows it.
 * </ol>
 *
 * <p>A program on this machine can send what it likes. That it may read, and write where the server
 * allows it, is no loss: it needs no browser to do harm.
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

    /** Headers of a request, whatever server received it. */
    @FunctionalInterface
    public interface Headers {
        /**
         * The values of a header, one for each time it stands there.
         *
         * @param name in any case
         */
        List<String> values(String name);
    }

    /**
     * The answer to a request that is refused.
     *
     * @param status of HTTP
     * @param sentence why, for people
     */
    public record Refusal(int status, String sentence) {
        private static final int FORBIDDEN = 403;
        private static final int MISDIRECTED_REQUEST = 421;
    }

    /** Rules of a server that is reached by the names of this machine's loopback only. */
    public RequestRules() {}

    /**
     * Rules of a server that has another name too.
     *
     * @param name a host's name or address, IPv6 with or without brackets
     */
    public RequestRules(String name) {
        names.add(
                (name.indexOf(':') < 0 || name.startsWith("[") ? name : "[" + name + "]")
                        .toLowerCase(Locale.ROOT));
    }

    /** Why a request is refused, whatever it asks for; empty if it is not. */
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
                ? Optional.of(new Refusal(Refusal.FORBIDDEN, "For pages of this server only."))
                : Optional.empty();
    }

    /**
     * Why a request for a host is refused; empty if the host is this server.
     *
     * @param authority a host, with or without a port
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
                "This server answers to " + String.join(", ", names) + " only.");
    }

    /** Why a request that would change something is refused; empty if no browser sent it. */
    public static Optional<Refusal> refusalToWrite(Headers headers) {
        return isFromABrowser(headers)
                ? Optional.of(new Refusal(Refusal.FORBIDDEN, "A browser may only read here."))
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
