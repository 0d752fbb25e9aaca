package io.freshet.registry;

import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Answer of a schema registry about the id of a schema: an Avro schema, or the reason why there is
 * none.
 *
 * @param kind kind of the answer
 * @param avro the schema, its references included; null unless {@code kind} is {@link Kind#AVRO}
 * @param problem reason why there is no schema, for a dead letter; empty if there is one
 */
public record RegisteredSchema(Kind kind, @Nullable Schema avro, String problem) {
    /** Kinds of answer. */
    public enum Kind {
        AVRO,
        /** The registry knows no schema of this id, or not all that this one refers to. */
        UNKNOWN,
        /** A schema of another kind, such as JSON Schema or Protobuf. */
        NOT_AVRO,
        /** A text that Avro cannot read as a schema. */
        INVALID
    }

    public RegisteredSchema {
        if ((kind == Kind.AVRO) != (avro != null) || (kind == Kind.AVRO) != problem.isEmpty()) {
            throw new IllegalArgumentException(kind + " " + avro + " " + problem);
        }
    }

    static RegisteredSchema of(Schema avro) {
        return new RegisteredSchema(Kind.AVRO, avro, "");
    }

    static RegisteredSchema none(Kind kind, String problem) {
        return new RegisteredSchema(kind, null, problem);
    }
}
