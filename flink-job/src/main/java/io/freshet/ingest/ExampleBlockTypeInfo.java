package io.freshet.ingest;

import java.lang.reflect.Type;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Flink type information that selects {@link ExampleBlockSerializer} for the network and for state.
 */
public final class ExampleBlockTypeInfo extends TypeInformation<ExampleBlock> {
    private static final long serialVersionUID = 1;

    /** Factory that Flink finds through the annotation of {@link ExampleBlock}. */
    public static final class Factory extends TypeInfoFactory<ExampleBlock> {
        @Override
        public TypeInformation<ExampleBlock> createTypeInfo(
                Type type, Map<String, TypeInformation<?>> genericParameters) {
            return new ExampleBlockTypeInfo();
        }
    }

    @Override
    public TypeSerializer<ExampleBlock> createSerializer(SerializerConfig config) {
        return new ExampleBlockSerializer();
    }

    @Override
    public Class<ExampleBlock> getTypeClass() {
        return ExampleBlock.class;
    }

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public boolean isKeyType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    public String toString() {
        return "ExampleBlock";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ExampleBlockTypeInfo;
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof ExampleBlockTypeInfo;
    }

    @Override
    public int hashCode() {
        return ExampleBlockTypeInfo.class.hashCode();
    }
}
