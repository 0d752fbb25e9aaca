package io.freshet.pipeline;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.IllegalSaslStateException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * One-line explanation of why Kafka cannot be used, naming the setting to correct.
 *
 * <p>A client that uses the wrong security protocol for a listener is only disconnected, again and
 * again, until its request times out. After a time-out this class therefore sends the brokers a
 * SaslHandshake request without TLS; each kind of listener answers it differently.
 *
 * <p>Source: Kafka protocol guide, "SaslHandshake API (Key: 17)", version 1.
 */
public final class KafkaFailure {
    private static final int CONNECT_MILLIS = 1_000;
    private static final int READ_MILLIS = 3_000;
    private static final long PROBES_NANOS = TimeUnit.SECONDS.toNanos(8);

    private static final short SASL_HANDSHAKE = 17;
    private static final short VERSION = 1;
    private static final int MAX_RESPONSE_BYTES = 1 << 16;
    private static final int TLS_ALERT = 0x15;

    /** Kinds of listener, distinguished by their response to a SaslHandshake without TLS. */
    private enum Listener {
        WITHOUT_SASL,
        WITH_SASL,
        TLS_OR_CLOSED,
        SILENT
    }

    /** Result of probing one address. */
    private record Probe(String address, Listener listener, List<String> mechanisms) {}

    private KafkaFailure() {}

    /**
     * Returns why an operation on Kafka failed. After a time-out this probes the brokers, which
     * takes several seconds.
     *
     * @param failure exception thrown by Kafka's client
     */
    public static String reason(Throwable failure, KafkaConfig config) {
        String servers = config.bootstrapServers();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PreflightException) {
                return String.valueOf(cause.getMessage());
            }
            if (cause instanceof UnsupportedSaslMechanismException) {
                return "Kafka at "
                        + servers
                        + " does not support kafka.sasl.mechanism="
                        + mechanism(config)
                        + ": "
                        + cause.getMessage();
            }
            if (cause instanceof IllegalSaslStateException) {
                return "Kafka at "
                        + servers
                        + " does not accept a login (kafka.security.protocol="
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
                        + tlsReason(ExceptionUtils.getRootCause(cause));
            }
            if (cause instanceof AuthenticationException) {
                return "Kafka at "
                        + servers
                        + " rejects the login (kafka.sasl.jaas.config): "
                        + cause.getMessage();
            }
            if (cause instanceof TimeoutException) {
                return afterTimeout(config);
            }
        }
        return "cannot use Kafka at "
                + servers
                + ": "
                + ExceptionUtils.getRootCause(failure).getMessage();
    }

    /** Returns why a TLS handshake failed, in terms of certificates where they are the reason. */
    private static String tlsReason(Throwable rootCause) {
        String message = String.valueOf(rootCause.getMessage());
        if (rootCause instanceof CertificateExpiredException) {
            return "the broker's certificate, or one that signed it, has expired: " + message;
        }
        if (rootCause instanceof CertificateNotYetValidException) {
            return "the broker's certificate, or one that signed it, is not valid yet: " + message;
        }
        if (message.contains("unable to find valid certification path")) {
            return "no certificate in kafka.ssl.truststore.location has signed the broker's: "
                    + message;
        }
        if (message.startsWith("No subject alternative")
                || message.startsWith("No name matching")) {
            return "the broker's certificate is for another host: " + message;
        }
        return message;
    }

    /**
     * Adds to the reason why the running job restarts who the job is for Kafka, if Kafka has
     * refused it, and the cause in plain words, if TLS failed.
     *
     * @param reason one-line text of the failure
     * @param causes the failure and its causes
     */
    public static String withUser(String reason, List<Throwable> causes, KafkaConfig config) {
        for (Throwable cause : causes) {
            if (cause instanceof TransactionalIdAuthorizationException) {
                return reason
                        + "; "
                        + userOrUnknown(config)
                        + " needs WRITE on every transactional id that begins with "
                        + config.transactionalIdPrefix()
                        + " (sink.transactional-id-prefix)";
            }
            if (cause instanceof AuthorizationException) {
                return reason + "; the job is " + userOrUnknown(config);
            }
            if (cause instanceof SslAuthenticationException) {
                return reason(cause, config);
            }
            if (cause instanceof AuthenticationException) {
                return reason + "; the login is that of " + userOrUnknown(config);
            }
        }
        return reason;
    }

    private static String userOrUnknown(KafkaConfig config) {
        try {
            return user(config, SecretReferences.resolve(config.client()));
        } catch (PreflightException e) {
            return "an unknown user: " + e.getMessage();
        }
    }

    /**
     * Returns "user" and the name in the login, or "this user" if the login has no name.
     *
     * @param client client properties without references. Not modified.
     */
    static String user(KafkaConfig config, Map<String, String> client) {
        String login = client.get(SaslConfigs.SASL_JAAS_CONFIG);
        if (login == null || !protocol(config).startsWith("SASL")) {
            return "this user";
        }
        try {
            return JaasContext.loadClientContext(
                            Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(login)))
                    .configurationEntries()
                    .stream()
                    .map(entry -> entry.getOptions().get("username"))
                    .filter(Objects::nonNull)
                    .findFirst()
                    .map(name -> "user " + name)
                    .orElse("this user");
        } catch (IllegalArgumentException e) {
            return "this user"; // Kafka's client reports the malformed login
        }
    }

    private static String afterTimeout(KafkaConfig config) {
        Probe probe = probeFirstReachable(config);
        if (probe == null) {
            return "no Kafka broker answers at "
                    + config.bootstrapServers()
                    + " (kafka.bootstrap.servers)";
        }
        String protocol = protocol(config);
        boolean tls = protocol.endsWith("SSL");
        boolean sasl = protocol.startsWith("SASL");
        String listener = "the listener at " + probe.address();
        String configured = "; kafka.security.protocol is " + protocol;
        return switch (probe.listener()) {
            case WITH_SASL ->
                    sasl && !tls
                            ? timedOut(probe, "")
                            : listener
                                    + " expects a login without TLS (SASL_PLAINTEXT) by "
                                    + String.join(", ", probe.mechanisms())
                                    + configured;
            case WITHOUT_SASL ->
                    sasl || tls
                            ? listener + " expects neither login nor TLS (PLAINTEXT)" + configured
                            : timedOut(probe, "");
            case TLS_OR_CLOSED ->
                    tls
                            ? timedOut(
                                    probe, sasl ? "" : "does it also need a login (SASL_SSL)? Or ")
                            : listener
                                    + " closes the connection immediately"
                                    + configured
                                    + ": is it a Kafka broker that expects TLS (SSL or SASL_SSL)?";
            case SILENT ->
                    listener + " does not answer as a Kafka broker (kafka.bootstrap.servers)";
        };
    }

    private static String timedOut(Probe probe, String question) {
        return "the Kafka broker at "
                + probe.address()
                + " answers, but the request timed out: "
                + question
                + "are the brokers' advertised addresses (advertised.listeners) reachable?";
    }

    private static @Nullable Probe probeFirstReachable(KafkaConfig config) {
        long deadline = System.nanoTime() + PROBES_NANOS;
        for (String address : config.bootstrapServers().split(",", -1)) {
            String host = Utils.getHost(address.strip());
            Integer port = Utils.getPort(address.strip());
            if (host != null && port != null && System.nanoTime() < deadline) {
                Probe probe = probe(address.strip(), host, port, mechanism(config));
                if (probe != null) {
                    return probe;
                }
            }
        }
        return null;
    }

    /** Probes an address; returns null if no connection can be made. */
    private static @Nullable Probe probe(String address, String host, int port, String mechanism) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            socket.setSoTimeout(READ_MILLIS);
            return handshake(address, socket, mechanism);
        } catch (IOException e) {
            return null;
        }
    }

    private static Probe handshake(String address, Socket socket, String mechanism) {
        try {
            DataOutputStream request = new DataOutputStream(socket.getOutputStream());
            request.writeInt(2 + 2 + 4 + 2 + 2 + mechanism.length()); // bytes that follow
            request.writeShort(SASL_HANDSHAKE);
            request.writeShort(VERSION);
            request.writeInt(1); // correlation id
            request.writeShort(-1); // no client id
            request.writeUTF(mechanism);
            request.flush();
            DataInputStream response = new DataInputStream(socket.getInputStream());
            int length = response.readInt();
            if (length >>> 24 == TLS_ALERT || length < 0 || length > MAX_RESPONSE_BYTES) {
                return new Probe(address, Listener.TLS_OR_CLOSED, List.of());
            }
            DataInputStream body =
                    new DataInputStream(new ByteArrayInputStream(response.readNBytes(length)));
            body.readInt(); // correlation id
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
