package io.freshet.local.http;

import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.Channel;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInitializer;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;

/**
 * Service by which Flink's REST endpoint gets its {@link FlinkRequestGuard}.
 *
 * <p>Flink appends what a factory makes behind its handlers of uploads. So this one makes an
 * initializer, which puts the guard before them.
 */
public final class FlinkRequestGuardFactory implements InboundChannelHandlerFactory {
    @Override
    public int priority() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Optional<ChannelHandler> createHandler(
            Configuration configuration, Map<String, String> responseHeaders) {
        return Optional.of(
                new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        String codec = channel.pipeline().context(HttpServerCodec.class).name();
                        channel.pipeline().addAfter(codec, null, new FlinkRequestGuard());
                    }
                });
    }
}
