package io.freshet.local.evaluate;

import io.freshet.local.stream.LabelledStream;
import io.freshet.local.stream.LabelledStream.Example;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** Run of a labelled stream through a model. */
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
        EvaluationScores scores = new EvaluationScores(model.classes());
        long done = 0;
        try (LabelledStream.Items<Example> examples = stream.examples()) {
            List<Example> batch = new ArrayList<>();
            while (done < limit && examples.hasNext()) {
                batch.add(examples.next());
                done++;
                if (batch.size() == BATCH || done == limit || !examples.hasNext()) {
                    add(batch, model, scores);
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
