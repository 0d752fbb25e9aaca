package io.freshet.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.message.SchemaStore;
import org.jspecify.annotations.NullMarked;

/**
 * All released versions of the schemas of all events, by the fingerprint in an event's header.
 *
 * <p>A released version is a resource, {@code released/<Event>.v<n>.avsc}, which never changes.
 */
@NullMarked
public final class EventSchemas {
    /** Names of the released versions; those of one event in ascending order. */
    static final List<String> RELEASED =
            List.of(
                    "LabelledEvent.v1",
                    "MetricsEvent.v1",
                    "MetricsEvent.v2",
                    "MetricsEvent.v3",
                    "ModelSnapshotEvent.v1",
                    "ModelSnapshotEvent.v2",
                    "ModelSnapshotEvent.v3",
                    "PredictionEvent.v1",
                    "PredictionEvent.v2",
                    "DriftAlertEvent.v1",
                    "DriftAlertEvent.v2",
                    "DriftAlertEvent.v3",
                    "DeadLetterEvent.v1",
                    "DeadLetterEvent.v2");

    private static final SchemaStore STORE = load();

    private EventSchemas() {}

    /** Returns the schemas by fingerprint. */
    public static SchemaStore store() {
        return STORE;
    }

    /** Returns the fingerprint of a schema: CRC-64-AVRO of its parsing canonical form. */
    public static long fingerprint(Schema schema) {
        return SchemaNormalization.parsingFingerprint64(schema);
    }

    private static SchemaStore load() {
        SchemaStore.Cache store = new SchemaStore.Cache();
        for (String version : RELEASED) {
            store.addSchema(released(version));
        }
        return store;
    }

    /** Returns a released version, such as {@code MetricsEvent.v1}. */
    static Schema released(String version) {
        String resource = "released/" + version + ".avsc";
        try (InputStream in = EventSchemas.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + resource + " is missing");
            }
            return new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + resource + " cannot be read", e);
        }
    }
}
