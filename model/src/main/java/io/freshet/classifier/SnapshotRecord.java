package io.freshet.classifier;

import io.freshet.schemas.Audit;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import io.freshet.schemas.Tally;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** Writer of a dense model with a single matrix of parameters as a snapshot of one record. */
public final class SnapshotRecord {
    private SnapshotRecord() {}

    /**
     * Returns the content of a model as the one record of a snapshot.
     *
     * @param creator program that made the parameters, for provenance
     * @throws IllegalArgumentException if the model is sparse or an ensemble, or has several
     *     learning rates
     */
    public static ModelSnapshotEvent of(ModelContent content, String creator) {
        if (content.isEnsemble()) {
            throw new IllegalArgumentException(
                    "one matrix of parameters is expected, but the model is an ensemble");
        }
        if (content.isSparse() || content.numRates() != 1) {
            throw new IllegalArgumentException(
                    "one matrix of parameters is expected, but the model "
                            + (content.isSparse()
                                    ? "is sparse"
                                    : "has " + content.numRates() + " learning rates"));
        }
        ModelInfo info = content.info();
        return ModelSnapshotEvent.newBuilder()
                .setModelId(info.modelId())
                .setModelVersion(info.version())
                .setTimestamp(info.timestamp())
                .setChunk(0)
                .setChunks(1)
                .setContentHash(SnapshotHash.of(content).hexadecimal())
                .setNumFeatures(info.numFeatures())
                .setClasses(info.classes())
                .setParameterOffset(0)
                .setParameters(list(content.parameters()))
                .setScaler(scaler(content.scaler()))
                .setProvenance(provenance(info, creator))
                .setExperts(List.of())
                .setActivation(content.activation())
                .setNumOutputs(content.numOutputs())
                .setJob(info.job())
                .setEpoch(info.epoch())
                .build();
    }

    private static Provenance provenance(ModelInfo info, String creator) {
        Tally none = new Tally(0L, 0L);
        return new Provenance(
                creator,
                info.examplesSeen(),
                new Audit(none, none, none, none),
                List.of(),
                info.hyperParameters(),
                List.of());
    }

    private static @Nullable ScalerSnapshot scaler(ModelContent.@Nullable Scaler scaler) {
        return scaler == null
                ? null
                : new ScalerSnapshot(
                        scaler.count(),
                        DoubleStream.of(scaler.mean()).boxed().toList(),
                        DoubleStream.of(scaler.variance()).boxed().toList(),
                        list(scaler.limit()));
    }

    private static List<Float> list(float[] values) {
        Float[] boxed = new Float[values.length];
        Arrays.setAll(boxed, i -> values[i]);
        return Arrays.asList(boxed);
    }
}
