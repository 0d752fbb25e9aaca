package io.freshet.local.http;

import io.freshet.local.http.RequestRules.Headers;
import io.freshet.local.http.RequestRules.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.runtime.rest.handler.router.RouteResult;
import org.apache.flink.runtime.rest.handler.router.Router;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelDuplexHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelPromise;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderValues;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpMethod;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.QueryStringDecoder;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;

/**
 * Access control of Flink's REST endpoint by {@link RequestRules}: browsers may only read; other
 * programs may do everything that Flink allows except submit a job.
 *
 * <p>Reads are {@code GET} and {@code HEAD}, except the two {@code GET} paths that cancel a job.
 * Job submission is refused to all clients, since a job's code would run in this process. After a
 * refusal the connection is closed and the rest of the request is discarded. {@code
 * Access-Control-Allow-Origin}, which Flink always sends, is removed from responses. The guard
 * precedes Flink's handlers in the channel's pipeline, including the handler of uploads.
 */
final class FlinkRequestGuard extends ChannelDuplexHandler {
    private static final RequestRules RULES = new RequestRules();

    private enum Effect {
        NONE,
        CHANGE,
        SUBMISSION,
        UNKNOWN
    }

    /**
     * Paths whose effect does not follow from the method; matched by Flink's own router, so that
     * every spelling of a path is recognised.
     */
    private static final Router<Effect> EFFECTS =
            new Router<Effect>()
                    .addPost("/jobs", Effect.SUBMISSION)
                    .addPost("/:version/jobs", Effect.SUBMISSION)
                    .addGet("/jobs/:jobid/yarn-cancel", Effect.CHANGE)
                    .addGet("/:version/jobs/:jobid/yarn-cancel", Effect.CHANGE)
                    .addGet("/jobs/:jobid/yarn-stop", Effect.CHANGE)
                    .addGet("/:version/jobs/:jobid/yarn-stop", Effect.CHANGE);

    private boolean refused;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (!refused && message instanceof HttpRequest request) {
            Optional<Refusal> refusal = refusal(request);
            if (refusal.isPresent()) {
                refused = true;
                refuse(context, refusal.get());
            }
        }
        if (refused) {
            ReferenceCountUtil.release(message);
        } else {
            super.channelRead(context, message);
        }
    }

    private static Optional<Refusal> refusal(HttpRequest request) {
        Headers headers = request.headers()::getAll;
        Optional<Refusal> refusal = RULES.refusal(headers);
        if (refusal.isPresent()) {
            return refusal;
        }
        return switch (effect(request)) {
            case NONE -> Optional.empty();
            case CHANGE -> RequestRules.refusalToWrite(headers);
            case SUBMISSION ->
                    refusal(
                            HttpResponseStatus.FORBIDDEN,
                            "Jobs cannot be submitted to this cluster.");
            case UNKNOWN -> refusal(HttpResponseStatus.BAD_REQUEST, "Malformed request.");
        };
    }

    private static Optional<Refusal> refusal(HttpResponseStatus status, String sentence) {
        return Optional.of(new Refusal(status.code(), sentence));
    }

    private static Effect effect(HttpRequest request) {
        if (request.decoderResult().isFailure() || !request.uri().startsWith("/")) {
            return Effect.UNKNOWN;
        }
        RouteResult<Effect> known;
        try {
            known = EFFECTS.route(request.method(), new QueryStringDecoder(request.uri()).path());
        } catch (IllegalArgumentException e) {
            return Effect.UNKNOWN; // the path cannot be decoded
        }
        if (known != null) {
            return known.target();
        }
        return request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)
                ? Effect.NONE
                : Effect.CHANGE;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the connection is closed in any case
    private static void refuse(ChannelHandlerContext context, Refusal refusal) {
        FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(refusal.status()),
                        Unpooled.copiedBuffer(refusal.sentence() + "\n", StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
            throws Exception {
        if (message instanceof HttpResponse response) {
            response.headers().remove(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN);
        }
        super.write(context, message, promise);
    }
}
