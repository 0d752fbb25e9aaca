package io.freshet.local.dashboard;

import io.freshet.local.http.RequestRules;
import io.freshet.local.http.RequestRules.Refusal;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Access control of the dashboard by {@link RequestRules}: allows GET and HEAD only, and adds
 * security headers to every response.
 */
final class DashboardRequestGuard extends Handler.Wrapper {
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

    private final RequestRules rules;

    /**
     * @param host another name of this server, besides the loopback names
     */
    DashboardRequestGuard(Handler guarded, String host) {
        super(guarded);
        rules = new RequestRules(host);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Optional<Refusal> refusal =
                rules.refusal(request.getHeaders()::getValuesList)
                        // The host in the request line may differ from the header.
                        .or(() -> rules.refusalOfHost(Request.getServerName(request)));
        if (refusal.isPresent()) {
            answer(response, callback, refusal.get().status(), refusal.get().sentence());
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

    /** Sends a response with a sentence as plain text. */
    static void answer(Response response, Callback callback, int status, String sentence) {
        response.setStatus(status);
        HEADERS.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain; charset=utf-8");
        Content.Sink.write(response, true, sentence + "\n", callback);
    }
}
