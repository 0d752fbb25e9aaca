package io.freshet.local.serve;

import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.config.Key;
import io.freshet.features.FeatureField;
import io.freshet.features.FeatureList;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.FeatureDecoder;
import io.freshet.ingest.IngestConfig;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Predictor for one event after another, in JSON: mapped as the job's settings say, or a {@link
 * VectorEvent}. Not thread-safe.
 */
final class Predictor {
    private static final String ENCODING = IngestConfig.ENCODING.name();

    private final @Nullable FeatureDecoder decoder;
    private final int numFeatures;
    private final String encoding;
    private final Set<String> vectorNames;
    private final VectorEvent vector = new VectorEvent();

    /**
     * @param config mapping of events; null if there are vectors only
     */
    Predictor(@Nullable IngestConfig config) {
        decoder = config == null ? null : new FeatureDecoder(config);
        numFeatures = config == null ? 0 : config.numFeatures();
        encoding = config == null ? "" : Key.kebab(config.encoding());
        vectorNames = config == null ? Set.of() : vectorNames(config.source().mapping().features());
    }

    /**
     * Returns the names of the lists by which a vector is told from a mapped event: those that no
     * mapped field has. Where all fields are features, a list {@code features} is one, too.
     */
    private static Set<String> vectorNames(FeatureList mapped) {
        Set<String> names = new HashSet<>(Set.of(VectorEvent.COLUMNS, VectorEvent.VALUES));
        if (!mapped.takesOthers()) {
            names.add(VectorEvent.FEATURES);
        }
        for (FeatureField field : mapped.fields()) {
            names.remove(field.path().steps().get(0).name());
        }
        return names;
    }

    /**
     * Predicts an event.
     *
     * @throws Refusal if the event cannot be used
     */
    Classification predict(byte[] event, Classifier model) throws Refusal {
        if (decoder == null || VectorEvent.isVector(event, vectorNames)) {
            return vector.classify(event, model);
        }
        requireFit(model);
        return predictMapped(event, model, decoder);
    }

    /** Checks that the columns of mapped events are those of a model. */
    private void requireFit(Classifier model) throws Refusal {
        if (model.numFeatures() != numFeatures) {
            throw new Refusal(
                    DeadLetterReason.WRONG_NUM_FEATURES,
                    "an event has "
                            + numFeatures
                            + " features by the settings of this server; "
                            + model
                            + " has "
                            + model.numFeatures());
        }
        String used = model.info().hyperParameters().get(ENCODING);
        if (used != null && !used.equals(encoding)) {
            throw new Refusal(
                    DeadLetterReason.WRONG_NUM_FEATURES,
                    "an event has "
                            + ENCODING
                            + " = "
                            + encoding
                            + " by the settings of this server; "
                            + model
                            + " has "
                            + used);
        }
    }

    private static Classification predictMapped(
            byte[] event, Classifier model, FeatureDecoder decoder) throws Refusal {
        Optional<DeadLetter> refused = decoder.decode(event);
        if (refused.isPresent()) {
            throw new Refusal(refused.get().reason(), refused.get().detail());
        }
        String modelId = decoder.modelId();
        if (modelId != null && !modelId.equals(model.info().modelId())) {
            throw new Refusal(
                    DeadLetterReason.MODEL_NOT_ALLOWED,
                    decoder.modelField().map(Object::toString).orElse("the model")
                            + " is \""
                            + modelId
                            + "\"; the path says \""
                            + model.info().modelId()
                            + "\"");
        }
        if (decoder.isSparse()) {
            return model.classify(decoder.columns(), decoder.values());
        }
        try {
            return model.classify(decoder.dense());
        } catch (IllegalArgumentException e) {
            throw new Refusal(
                    DeadLetterReason.MISSING_FEATURE,
                    decoder.missing() + " is missing, and the model takes no missing values");
        }
    }
}
