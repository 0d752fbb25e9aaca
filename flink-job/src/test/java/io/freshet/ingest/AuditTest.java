package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class AuditTest {
    /**
     * State stores counts by ordinal, so constants keep their positions and new ones are appended.
     */
    @Test
    void ordinals_areThoseOfTheReleasedState() {
        assertThat(EventOutcome.values())
                .extracting(Enum::name)
                .containsExactly("ACCEPTED", "UNLABELLED", "IGNORED", "DEAD_LETTER");
        assertThat(IgnoredReason.values())
                .extracting(Enum::name)
                .containsExactly(
                        "ZERO_WEIGHT",
                        "NON_FINITE_STEP",
                        "NON_FINITE_PREDICTION",
                        "IGNORE_INDEX",
                        "NON_FINITE_LOSS",
                        "CLASS_CAPACITY",
                        "NO_CLASS");
        assertThat(DeadLetterReason.values())
                .extracting(Enum::name)
                .containsExactly(
                        "NULL_VALUE",
                        "EMPTY_VALUE",
                        "NOT_SINGLE_OBJECT",
                        "UNKNOWN_SCHEMA",
                        "TRUNCATED",
                        "OVERSIZED",
                        "MALFORMED",
                        "TRAILING_BYTES",
                        "RESERVED_MODEL_ID",
                        "MODEL_NOT_ALLOWED",
                        "UNSUPPORTED_FEATURES",
                        "UNSUPPORTED_LABEL",
                        "WRONG_NUM_FEATURES",
                        "NON_FINITE_FEATURE",
                        "LABEL_OUT_OF_RANGE",
                        "UNKNOWN_CLASS",
                        "NEGATIVE_WEIGHT",
                        "NON_FINITE_WEIGHT",
                        "MODEL_ID_TOO_LONG",
                        "WRONG_NUM_TARGETS",
                        "TARGET_OUT_OF_RANGE",
                        "TARGETS_DO_NOT_SUM_TO_ONE",
                        "INVALID_JSON",
                        "WRONG_TYPE",
                        "DUPLICATE_FIELD",
                        "INVALID_TIME",
                        "MISSING_FEATURE",
                        "NOT_FRAMED",
                        "FEATURE_INDEX_OUT_OF_RANGE",
                        "DUPLICATE_FEATURE",
                        "UNEQUAL_INDICES_AND_VALUES",
                        "EMPTY_FEATURE_NAME",
                        "TEXT_TOO_LONG",
                        "TOO_MANY_FEATURES",
                        "INVALID_CLASS_NAME",
                        "UNKNOWN_MODEL");
    }

    @Test
    void audits_canBeAddedInAnyOrder() {
        Audit one = new Audit();
        one.accept(Long.MAX_VALUE);
        one.deadLetter(5, DeadLetterReason.TRUNCATED);
        Audit other = new Audit();
        other.accept(3);
        other.unlabelled(7);
        other.ignore(9, IgnoredReason.ZERO_WEIGHT);
        other.ignore(11, IgnoredReason.IGNORE_INDEX);

        Audit sum = one.copy();
        sum.add(other);
        Audit reverse = other.copy();
        reverse.add(one);

        assertThat(sum.total()).isEqualTo(6);
        assertThat(sum.count(EventOutcome.ACCEPTED)).isEqualTo(2);
        assertThat(sum.digest(EventOutcome.ACCEPTED)).isEqualTo(Long.MIN_VALUE + 2); // modulo 2^64
        assertThat(sum.count(DeadLetterReason.TRUNCATED)).isEqualTo(1);
        assertThat(sum.count(IgnoredReason.IGNORE_INDEX)).isEqualTo(1);
        assertThat(sum.digest(EventOutcome.IGNORED)).isEqualTo(9 + 11);
        assertThat(sum.digests()).containsExactly(reverse.digests());
        assertThat(one.total()).isEqualTo(2);
    }

    @Test
    void audit_isSerializedAsAPojo_andRestoredUnchanged() throws IOException {
        Audit audit = new Audit();
        audit.accept(3);
        audit.ignore(9, IgnoredReason.IGNORE_INDEX);
        audit.deadLetter(5, DeadLetterReason.TRUNCATED);
        TypeInformation<Audit> type = TypeInformation.of(Audit.class);
        assertThat(type).isInstanceOf(PojoTypeInfo.class);
        TypeSerializer<Audit> serializer = type.createSerializer(new SerializerConfigImpl());
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(audit, out);

        Audit read = serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));

        assertThat(read).usingRecursiveComparison().isEqualTo(audit);
    }
}
