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
 * Factory through which Flink's REST endpoint gets its {@link FlinkRequestGuard}.
 *
 * <p>Flink appends the handlers of such factories after its own handler of uploads. Therefore this
 * factory creates an initializer, which inserts the guard before it.
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
