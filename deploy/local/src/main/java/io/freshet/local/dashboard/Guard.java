package io.freshet.local.dashboard;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.HostPort;

/**
 * Lets through what a page of this server asks for and nothing else: reading only, and only under a
 * name of this server.
 *
 * <p>A stranger's page can make a browser send requests here under the stranger's name, by letting
 * that name point to this machine. Such a request names a foreign host, and is refused. So is one
 * that a browser says another page asks for, unless it follows a link.
 */
final class Guard extends Handler.Wrapper {
    private static final List<HttpField> HEADERS =
            List.of(
                    new HttpField(
                            "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; img-src"
                                    + " 'self'; connect-src 'self'; base-uri 'none'; form-action"
                                    + " 'none'; frame-ancestors 'none';"
                                    + " require-trusted-types-for 'script'; trusted-types 'none'"),
                    new HttpField("X-Content-Type-Options", "nosniff"),
                    new HttpField("X-Frame-Options", "DENY"),
                    new HttpField("Referrer-Policy", "no-referrer"),
                    new HttpField("Cross-Origin-Resource-Policy", "same-origin"),
                    new HttpField("Cross-Origin-Opener-Policy", "same-origin"),
                    new HttpField(HttpHeader.CACHE_CONTROL, "no-store"));

    private final Set<String> hosts = new TreeSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    /**
     * @param host a name of this server beside those of the machine itself
     */
    Guard(Handler guarded, String host) {
        super(guarded);
        hosts.add(new HostPort(host).getHost().toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!isOurs(request.getHeaders().getValuesList(HttpHeader.HOST))
                || !hosts.contains(Request.getServerName(request).toLowerCase(Locale.ROOT))) {
            answer(
                    response,
                    callback,
                    HttpStatus.MISDIRECTED_REQUEST_421,
                    "This server answers to " + String.join(", ", hosts) + " only.");
            return true;
        }
        if (isAskedForByAnotherPage(request.getHeaders())) {
            answer(response, callback, HttpStatus.FORBIDDEN_403, "For pages of this server only.");
            return true;
        }
        if (!HttpMethod.GET.is(request.getMethod()) && !HttpMethod.HEAD.is(request.getMethod())) {
            response.getHeaders().put(HttpHeader.ALLOW, "GET, HEAD");
            answer(response, callback, HttpStatus.METHOD_NOT_ALLOWED_405, "GET and HEAD only.");
            return true;
        }
        HEADERS.forEach(response.getHeaders()::put);
        return super.handle(request, response, callback);
    }

    private boolean isOurs(List<String> named) {
        return !named.isEmpty() && named.stream().allMatch(this::isOurs);
    }

    private boolean isOurs(String named) {
        try {
            return hosts.contains(new HostPort(named).getHost().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return false; // no host and port at all
        }
    }

    /** By the Fetch metadata that every browser sends; other clients need not. */
    private static boolean isAskedForByAnotherPage(HttpFields headers) {
        String site = headers.get("Sec-Fetch-Site");
        return site != null
                && !site.equals("same-origin")
                && !site.equals("none")
                && !"navigate".equals(headers.get("Sec-Fetch-Mode"));
    }

    /** Answers with a sentence. */
    static void answer(Response response, Callback callback, int status, String sentence) {
        response.setStatus(status);
        HEADERS.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain; charset=utf-8");
        Content.Sink.write(response, true, sentence + "\n", callback);
    }
}
