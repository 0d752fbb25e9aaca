package io.freshet.pipeline;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.IllegalSaslStateException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * The reason why Kafka cannot be used, in one line that says what to mend.
 *
 * <p>A client that does not speak the security protocol of a listener is only disconnected, again
 * and again, until its time is up. So after a time-out this asks the brokers themselves, as a
 * client without TLS that wants to log in: each kind of listener answers that in its own way.
 *
 * <p>Source: Kafka protocol guide, "SaslHandshake API (Key: 17)", version 1.
 */
public final class KafkaFailure {
    private static final int CONNECT_MILLIS = 1_000;
    private static final int ANSWER_MILLIS = 3_000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(8);

    private static final short SASL_HANDSHAKE = 17;
    private static final short VERSION = 1;
    private static final int LONGEST_ANSWER_BYTES = 1 << 16;
    private static final int TLS_ALERT = 0x15;

    /** Kinds of listener, told apart by their answer to a SaslHandshake request in the clear. */
    private enum Listener {
        WITHOUT_SASL,
        WITH_SASL,
        TLS_OR_CLOSED,
        SILENT
    }

    /** Result of asking one address. */
    private record Probe(String address, Listener listener, List<String> mechanisms) {}

    private KafkaFailure() {}

    /**
     * Tells why something that was asked of Kafka failed. After a time-out it takes some seconds to
     * ask the brokers.
     *
     * @param failure what Kafka's client threw
     */
    public static String reason(Throwable failure, KafkaConfig config) {
        String servers = config.bootstrapServers();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnsupportedSaslMechanismException) {
                return "Kafka at "
                        + servers
                        + " does not take kafka.sasl.mechanism="
                        + mechanism(config)
                        + ": "
                        + cause.getMessage();
            }
            if (cause instanceof IllegalSaslStateException) {
                return "Kafka at "
                        + servers
                        + " takes no login (kafka.security.protocol="
                        + protocol(config)
                        + "): "
                        + cause.getMessage();
            }
            if (cause instanceof SslAuthenticationException) {
                return "no TLS connection to Kafka at "
                        + servers
                        + " (kafka.security.protocol="
                        + protocol(config)
                        + "): "
                        + innermost(cause).getMessage();
            }
            if (cause instanceof AuthenticationException) {
                return "Kafka at "
                        + servers
                        + " refuses the login (kafka.sasl.jaas.config): "
                        + cause.getMessage();
            }
            if (cause instanceof TimeoutException) {
                return afterTimeout(config);
            }
        }
        return "cannot use Kafka at " + servers + ": " + innermost(failure).getMessage();
    }

    /** The failure behind all others. */
    static Throwable innermost(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner;
    }

    private static String afterTimeout(KafkaConfig config) {
        Probe found = firstThatConnects(config);
        if (found == null) {
            return "no Kafka broker answers at "
                    + config.bootstrapServers()
                    + " (kafka.bootstrap.servers)";
        }
        String protocol = protocol(config);
        boolean tls = protocol.endsWith("SSL");
        boolean sasl = protocol.startsWith("SASL");
        String place = "what listens at " + found.address();
        String set = "; kafka.security.protocol is " + protocol;
        return switch (found.listener()) {
            case WITH_SASL ->
                    sasl && !tls
                            ? late(found, "")
                            : place
                                    + " asks for a login without TLS (SASL_PLAINTEXT) by "
                                    + String.join(", ", found.mechanisms())
                                    + set;
            case WITHOUT_SASL ->
                    sasl || tls
                            ? place + " asks for neither login nor TLS (PLAINTEXT)" + set
                            : late(found, "");
            case TLS_OR_CLOSED ->
                    tls
                            ? late(found, sasl ? "" : "does it also need a login (SASL_SSL)? Or ")
                            : place
                                    + " closes the connection at once"
                                    + set
                                    + ": is it a Kafka broker that asks for TLS (SSL or SASL_SSL)?";
            case SILENT -> place + " does not answer as a Kafka broker (kafka.bootstrap.servers)";
        };
    }

    private static String late(Probe found, String question) {
        return "the Kafka broker at "
                + found.address()
                + " answers, but the request timed out: "
                + question
                + "are the brokers' advertised addresses (advertised.listeners) reachable?";
    }

    private static @Nullable Probe firstThatConnects(KafkaConfig config) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        for (String address : config.bootstrapServers().split(",", -1)) {
            String host = Utils.getHost(address.strip());
            Integer port = Utils.getPort(address.strip());
            if (host != null && port != null && System.nanoTime() < deadline) {
                Probe found = probe(address.strip(), host, port, mechanism(config));
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Asks what is at an address; null if nothing can be reached there. */
    private static @Nullable Probe probe(String address, String host, int port, String mechanism) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            return answer(address, socket, mechanism);
        } catch (IOException e) {
            return null; // not connected: what there is to tell is that nobody answers
        }
    }

    private static Probe answer(String address, Socket socket, String mechanism) {
        try {
            DataOutputStream request = new DataOutputStream(socket.getOutputStream());
            request.writeInt(2 + 2 + 4 + 2 + 2 + mechanism.length()); // bytes that follow
            request.writeShort(SASL_HANDSHAKE);
            request.writeShort(VERSION);
            request.writeInt(1); // the request's own number
            request.writeShort(-1); // no name of the client
            request.writeUTF(mechanism);
            request.flush();
            DataInputStream answer = new DataInputStream(socket.getInputStream());
            int length = answer.readInt();
            if (length >>> 24 == TLS_ALERT || length < 0 || length > LONGEST_ANSWER_BYTES) {
                return new Probe(address, Listener.TLS_OR_CLOSED, List.of());
            }
            DataInputStream body =
                    new DataInputStream(new ByteArrayInputStream(answer.readNBytes(length)));
            body.readInt(); // the request's number
            if (body.readShort() == Errors.ILLEGAL_SASL_STATE.code()) {
                return new Probe(address, Listener.WITHOUT_SASL, List.of());
            }
            List<String> mechanisms = new ArrayList<>();
            for (int count = body.readInt(); count > 0; count--) {
                mechanisms.add(body.readUTF());
            }
            return new Probe(address, Listener.WITH_SASL, mechanisms);
        } catch (SocketTimeoutException e) {
            return new Probe(address, Listener.SILENT, List.of());
        } catch (IOException e) {
            return new Probe(address, Listener.TLS_OR_CLOSED, List.of());
        }
    }

    static String protocol(KafkaConfig config) {
        return config.client()
                .getOrDefault(
                        CommonClientConfigs.SECURITY_PROTOCOL_CONFIG,
                        CommonClientConfigs.DEFAULT_SECURITY_PROTOCOL)
                .toUpperCase(Locale.ROOT);
    }

    private static String mechanism(KafkaConfig config) {
        return config.client()
                .getOrDefault(SaslConfigs.SASL_MECHANISM, SaslConfigs.DEFAULT_SASL_MECHANISM);
    }
}
