package io.freshet.local.evaluate;

import io.freshet.local.stream.LabelledStream;
import io.freshet.local.stream.LabelledStream.Example;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** Run of a labelled stream through models. */
public final class Evaluation {
    private static final int BATCH = 256;

    private Evaluation() {}

    /**
     * Predicts the examples of a stream.
     *
     * @param limit maximum number of examples
     * @param progress receives the number of examples so far
     */
    public static EvaluationScores of(
            LabelledStream stream, long limit, ServedModel model, LongConsumer progress)
            throws IOException {
        return of(stream, limit, List.of(model), progress).get(0);
    }

    /**
     * Predicts the examples of a stream by several models.
     *
     * @param limit maximum number of examples
     * @param progress receives the number of examples so far
     * @return scores of each model
     */
    public static List<EvaluationScores> of(
            LabelledStream stream, long limit, List<ServedModel> models, LongConsumer progress)
            throws IOException {
        List<EvaluationScores> scores =
                models.stream().map(model -> new EvaluationScores(model.classes())).toList();
        long done = 0;
        try (LabelledStream.Items<Example> examples = stream.examples()) {
            List<Example> batch = new ArrayList<>();
            while (done < limit && examples.hasNext()) {
                batch.add(examples.next());
                done++;
                if (batch.size() == BATCH || done == limit || !examples.hasNext()) {
                    for (int i = 0; i < models.size(); i++) {
                        add(batch, models.get(i), scores.get(i));
                    }
                    batch.clear();
                    progress.accept(done);
                }
            }
        }
        return scores;
    }

    private static void add(List<Example> batch, ServedModel model, EvaluationScores scores)
            throws IOException {
        List<Prediction> predictions = model.predict(batch);
        if (predictions.size() != batch.size()) {
            throw new IOException(
                    predictions.size() + " predictions of " + batch.size() + " examples");
        }
        for (int i = 0; i < batch.size(); i++) {
            scores.add(batch.get(i).label(), predictions.get(i));
        }
    }
}
