package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.ingest.Blocks;
import io.freshet.model.example.Examples;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.SnapshotRecords;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.EnsembleTraining;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test of the sizes of the records of an ensemble's snapshot, for many features and classes. */
class EnsembleRecordsTest {
    /** Kafka's default limit of a topic's records, less the overhead of a record batch. */
    private static final int MAX_RECORD_BYTES = 1_000_000;

    @ParameterizedTest
    @CsvSource({
        "10000, 3, avro, false",
        "10000, 2, json, true",
        "12000, 2, avro, true",
        "10, 1000, avro, true",
        "3, 2, avro, false",
    })
    void everyRecord_isSmallEnoughForATopic(
            int numFeatures, int numClasses, String format, boolean labelExperts) throws Exception {
        JobConfig config =
                JobConfig.parse(
                        Map.of(
                                "kafka.bootstrap.servers",
                                "localhost:9092",
                                "learner.type",
                                "ensemble",
                                "training.experts.baselines",
                                Boolean.toString(labelExperts),
                                "drift.detector",
                                "",
                                "num-features",
                                Integer.toString(numFeatures),
                                "classes",
                                Integer.toString(numClasses),
                                "publish.format",
                                format));
        LearnConfig learn = config.learn();
        List<byte[]> values =
                SnapshotRecords.encoded(snapshot(learn), config.publish(), learn, config.monitor());
        assertThat(values).allMatch(value -> value.length <= MAX_RECORD_BYTES);

        EventReader<ModelSnapshotEvent> reader = EventReader.of(ModelSnapshotEvent.class);
        List<ModelSnapshotEvent> records = new ArrayList<>();
        for (byte[] value : values) {
            records.add(reader.read(value));
        }
        long bound =
                config.publish()
                        .parameterBytesInFirstRecord(
                                learn.learner(), numFeatures, learn.featureSettings());
        int first = records.get(0).getParameters().size() + numSmallValues(records.get(0));
        assertThat((long) first * config.publish().format().bounds().parameter())
                .isLessThanOrEqualTo(bound)
                .isGreaterThan(bound - 100_000);
        ModelContent content = ClassifierReader.content(records);
        EnsembleContent ensemble = Objects.requireNonNull(content.ensemble());
        assertThat(Objects.requireNonNull(ensemble.training()).examples()).isEqualTo(1100);
    }

    /** Returns the number of floats with the size of all values of an ensemble but parameters. */
    private static int numSmallValues(ModelSnapshotEvent first) {
        EnsembleSnapshot ensemble = first.getEnsemble();
        EnsembleTraining training = ensemble.getTraining();
        int doubles =
                ensemble.getStack().size()
                        + ensemble.getCorrection().size()
                        + ensemble.getAnswers().size()
                        + training.getMixture().size()
                        + training.getAnswers().size()
                        + training.getStackCovariance().size()
                        + training.getCorrectionCovariance().size();
        return ensemble.getTestFeatures().size()
                + ensemble.getTestThresholds().size()
                + ensemble.getLabels().size()
                + ensemble.getFeatureWeights().size()
                + ensemble.getLabelPredictions().size()
                + 2 * doubles;
    }

    /** Returns the snapshot of a model whose window is full. */
    private static ModelSnapshot snapshot(LearnConfig learn) {
        try (Learner learner = new Learner("m", new LearnerWorkspace(learn))) {
            Random random = new Random(1);
            float[] row = new float[learn.learner().numFeatures()];
            for (int block = 0; block < 11; block++) {
                Examples examples = learn.learner().newExamples(0);
                for (int i = 0; i < 100; i++) {
                    for (int f = 0; f < row.length; f++) {
                        row[f] = random.nextFloat();
                    }
                    examples.add(row, 0, random.nextInt(learn.learner().numClasses()), 1);
                }
                learner.process(
                        Blocks.block("m", examples, 100L * block), found -> {}, alert -> {});
            }
            return learner.publish();
        }
    }
}
