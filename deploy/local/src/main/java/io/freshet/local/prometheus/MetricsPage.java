package io.freshet.local.prometheus;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Exposition of metrics in the text format or, if the client asks for it, in OpenMetrics'. */
public record MetricsPage(String contentType, ByteBuffer content) {
    private static final ExpositionFormats FORMATS = ExpositionFormats.init();

    /**
     * Writes metrics in the format that a client asks for.
     *
     * @param accept the request's header {@code Accept}; null if there is none
     */
    public static MetricsPage of(MetricSnapshots metrics, @Nullable String accept) {
        ExpositionFormatWriter writer = FORMATS.findWriter(accept);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try {
            writer.write(content, metrics);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot happen: it writes to memory
        }
        return new MetricsPage(writer.getContentType(), ByteBuffer.wrap(content.toByteArray()));
    }
}
