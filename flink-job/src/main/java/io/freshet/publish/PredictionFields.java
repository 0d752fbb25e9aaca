package io.freshet.publish;

import io.freshet.classifier.Classification;
import io.freshet.ingest.LabelType;
import io.freshet.learn.Prediction;
import io.freshet.schemas.PredictionEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Conversion of predictions to events. */
final class PredictionFields {
    private PredictionFields() {}

    /**
     * Returns the event of a prediction.
     *
     * @param topK number of the most probable classes that it has; 0 for all classes
     */
    static PredictionEvent event(
            Prediction prediction, LabelType labels, int topK, JobIdentity job) {
        float[] probabilities = prediction.probabilities();
        // Not with the builder, which looks up and copies the defaults of the fields left out.
        PredictionEvent event = new PredictionEvent();
        event.setModelId(prediction.modelId());
        event.setId(prediction.id());
        event.setTimestamp(Instant.ofEpochMilli(prediction.timestamp()));
        event.setSource(ProgressFields.offset(prediction.source()));
        event.setModelVersion(prediction.modelVersion());
        event.setPredictedClass(prediction.predictedClass());
        event.setPredictedLabel(prediction.classes()[prediction.predictedClass()]);
        event.setJob(job.name());
        event.setEpoch(job.epoch());
        event.setEntropy(Classification.entropy(probabilities, labels == LabelType.MULTI_LABEL));
        event.setExamplesSeen(prediction.examplesSeen());
        if (topK == 0 || topK >= probabilities.length) {
            event.setProbabilities(SnapshotChunks.list(probabilities, 0, probabilities.length));
            event.setClasses(List.of());
        } else {
            setMostProbable(event, prediction, topK);
        }
        if (prediction.label() != Prediction.UNLABELLED) {
            event.setLabel(prediction.classes()[prediction.label()]);
            event.setLoss(prediction.loss());
        }
        return event;
    }

    private static void setMostProbable(PredictionEvent event, Prediction prediction, int count) {
        List<Float> probabilities = new ArrayList<>(count);
        List<String> classes = new ArrayList<>(count);
        for (int c : Classification.mostProbable(prediction.probabilities(), count)) {
            probabilities.add(prediction.probabilities()[c]);
            classes.add(prediction.classes()[c]);
        }
        event.setProbabilities(probabilities);
        event.setClasses(classes);
    }
}
