package io.freshet.local.serve;

import io.freshet.ingest.IngestConfig;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link ModelServer}.
 *
 * @param host name or address to bind to; {@code localhost} is reachable from this machine only
 * @param port port, or 0 for any free one
 * @param maxBodyBytes largest size of a request's body
 * @param maxRequests largest number of requests to predict that are answered at once
 * @param events mapping of events; null if they are vectors only
 * @param keyStore key and certificate; null for HTTP without TLS
 * @param token token that requests must have; null for none
 */
record ServerSettings(
        String host,
        int port,
        int maxBodyBytes,
        int maxRequests,
        @Nullable IngestConfig events,
        @Nullable TlsKeyStore keyStore,
        @Nullable BearerToken token) {}
