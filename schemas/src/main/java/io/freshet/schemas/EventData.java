package io.freshet.schemas;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Avro's data model of the generated classes of this package.
 *
 * <p>Avro loads a generated class by the name in a schema, and only if the process trusts the class
 * ({@link org.apache.avro.util.ClassSecurityValidator}). This model loads those of its own package
 * itself, so that the process need not trust them, and nothing that it trusts changes. The build
 * puts it into every generated class, for its builder, its decoder and its readers.
 *
 * <p>Thread-safe.
 */
@NullMarked
final class EventData extends SpecificData {
    private static final String PACKAGE = EventData.class.getPackageName();

    private final Map<String, Class<?>> classes = new ConcurrentHashMap<>();

    EventData() {
        super(EventData.class.getClassLoader());
    }

    @Override
    public @Nullable Class<?> getClass(Schema schema) {
        return switch (schema.getType()) {
            case RECORD, ENUM, FIXED ->
                    PACKAGE.equals(schema.getNamespace())
                            ? classes.computeIfAbsent(schema.getFullName(), this::load)
                            : super.getClass(schema);
            default -> super.getClass(schema);
        };
    }

    private Class<?> load(String name) {
        try {
            return Class.forName(name, true, getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AvroRuntimeException("there is no generated class " + name, e);
        }
    }
}
