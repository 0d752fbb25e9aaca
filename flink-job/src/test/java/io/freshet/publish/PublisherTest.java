package io.freshet.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.TrainingContent;
import io.freshet.drift.Signal;
import io.freshet.ingest.Audit;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.PartitionTally;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.Expert;
import io.freshet.learn.ExpertCombination;
import io.freshet.learn.FeatureCount;
import io.freshet.learn.FeatureCounts;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.PartitionOffset;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.ClassChange;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.learn.drift.DriftWindow;
import io.freshet.learn.drift.OffsetRange;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleTraining;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import io.freshet.model.sparse.SparseParameters;
import io.freshet.monitor.CalibrationBin;
import io.freshet.monitor.ClassCounts;
import io.freshet.monitor.ClassScores;
import io.freshet.monitor.ConfusionCell;
import io.freshet.monitor.ConfusionMatrix;
import io.freshet.monitor.MetricPart;
import io.freshet.monitor.MetricsDelivery;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.RunningLoss;
import io.freshet.monitor.Score;
import io.freshet.monitor.Scores;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.RegistryServer;
import io.freshet.registry.SchemaRegistry;
import io.freshet.schemas.Confusion;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DetectorState;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PartitionAudit;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Tally;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PublisherTest {
    private static final RegistryServer REGISTRY = registry();
    private static final Publisher PUBLISHER = publisher(PublishFormat.AVRO, 4);

    private static RegistryServer registry() {
        try {
            return RegistryServer.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterAll
    static void stopRegistry() {
        REGISTRY.close();
    }

    private static PublishConfig config(PublishFormat format, int chunkSize) {
        return new PublishConfig(
                Arrays.stream(Topic.values())
                        .collect(Collectors.toMap(topic -> topic, Topic::name)),
                format,
                chunkSize,
                0,
                format == PublishFormat.CONFLUENT_AVRO
                        ? new RegistryConfig(List.of(REGISTRY.url()), null, null, true)
                        : null);
    }

    private static Publisher publisher(PublishFormat format, int chunkSize) {
        Publisher publisher = closedPublisher(format, chunkSize);
        try {
            publisher.open(List.of(Topic.values()), UnaryOperator.identity(), new RegistryHealth());
        } catch (RegistryRefusedException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return publisher;
    }

    private static Publisher closedPublisher(PublishFormat format, int chunkSize) {
        return new Publisher(
                config(format, chunkSize),
                new LearnConfig(
                        new LearnerSettings(
                                2,
                                3,
                                32,
                                new CrossEntropy(3),
                                new Sgd(0.01, 0.9),
                                null,
                                MiniBatchReduction.EXAMPLES,
                                new Standardization(),
                                10),
                        List.of("a", "b", "c"),
                        LabelType.CLASS,
                        null,
                        false,
                        10,
                        Duration.ZERO,
                        DriftConfig.NONE,
                        DeviceFallback.CPU),
                new MonitorConfig(
                        List.of("a", "b", "c"),
                        3,
                        1000,
                        0.99,
                        200,
                        2,
                        10,
                        EnumSet.allOf(MetricPart.class),
                        100,
                        2500,
                        1000,
                        Duration.ofSeconds(1),
                        MetricsDelivery.EXACTLY_ONCE,
                        20,
                        10),
                new JobIdentity("job", 2, Map.of("t", "topic-id")));
    }

    private static Scores scores(double loss) {
        return new Scores(
                1,
                2,
                new Double[] {loss, 1.0, null, 0.0, null, null, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0});
    }

    private static MetricsEvent metrics(@Nullable Long attempt) throws IOException {
        return EventReader.of(MetricsEvent.class).read(encodedMetrics(attempt));
    }

    private static byte[] encodedMetrics(@Nullable Long attempt) {
        return PUBLISHER.metrics(rollingMetrics(attempt)).value();
    }

    private static RollingMetrics rollingMetrics(@Nullable Long attempt) {
        ClassCounts rolling = new ClassCounts(3, 2, 1, 0.5, 0.25, null);
        ClassCounts prequential = new ClassCounts(6, 5, 4, 0.75, 0.5, 0.6);
        return new RollingMetrics(
                "model",
                4,
                attempt,
                1_234,
                500.0,
                progress(),
                scores(0.5),
                scores(0.25),
                scores(0.75),
                0.625,
                new RunningLoss[] {new RunningLoss(400, 0.6875)},
                new ClassScores[] {new ClassScores(1, rolling, prequential)},
                2,
                new ConfusionMatrix(new ConfusionCell[] {new ConfusionCell(1, 2, 3)}, 4, 5),
                new CalibrationBin[] {new CalibrationBin(0, 0.1, 6, 0.05, null)},
                0.875,
                7);
    }

    @Test
    void metrics_areEncodedAsByTheGeneratedClass() throws IOException {
        assertThat(encodedMetrics(7L)).isEqualTo(metrics(7L).toByteBuffer().array());
    }

    /** The experts of {@link #progress} in events. */
    private static final List<io.freshet.schemas.Expert> EXPERTS =
            List.of(
                    new io.freshet.schemas.Expert("rate 0.01", 0.01, 0.75, 4L, 0.5, -0.125, 1.5),
                    new io.freshet.schemas.Expert("no-change", null, 0.25, 0L, null, null, null));

    private static ModelProgress progress() {
        return progress(
                new Expert("rate 0.01", 0.01, 0.75, 4, 0.5, -0.125, 1.5),
                new Expert("no-change", Double.NaN, 0.25, 0, Double.NaN, Double.NaN, Double.NaN));
    }

    private static ModelProgress progress(Expert... experts) {
        Audit audit = new Audit();
        audit.accept(5);
        audit.ignore(6, IgnoredReason.ZERO_WEIGHT);
        audit.deadLetter(7, DeadLetterReason.TRUNCATED);
        return new ModelProgress(
                3,
                1,
                1_000,
                audit,
                new PartitionOffset[] {new PartitionOffset("t", 2, 9)},
                new PartitionTally[] {new PartitionTally("t", 2, 4, 10, 3, 18)},
                0.01,
                experts,
                new ExpertCombination[] {new ExpertCombination("stack", 0.5, 0.25)},
                6,
                1.5,
                2.5,
                5,
                new FeatureCounts(7, new FeatureCount[] {new FeatureCount(1, 7)}),
                new FeatureCounts(8, new FeatureCount[] {new FeatureCount(0, 8)}),
                new FeatureCounts(9, new FeatureCount[] {new FeatureCount(1, 9)}),
                10,
                new DetectorReport[] {
                    new DetectorReport(
                            "ddm", Signal.MISSED_PROBABILITY, "warning", 0.5, Double.NaN, 7)
                },
                "CUDA: NVIDIA H200",
                new String[0]);
    }

    private static ModelSnapshot snapshot(float[] parameters) {
        return new ModelSnapshot(
                "model",
                progress(),
                parameters,
                8,
                new double[] {0.5, 1.5},
                new double[] {2, 3},
                new float[] {10, 20},
                3,
                "softmax");
    }

    /** One result of every kind. */
    private static List<Publication> everyKind(Publisher publisher) {
        List<Publication> publications = new ArrayList<>();
        publications.add(publisher.metrics(rollingMetrics(7L)));
        publications.add(publisher.driftAlert(alert()));
        publications.add(publisher.prediction(prediction()));
        publications.add(publisher.deadLetter(deadLetter()));
        publisher.snapshot(snapshot(new float[] {0.1f, -2}), publications::add);
        return publications;
    }

    private static DriftAlert alert() {
        DriftWindow window =
                new DriftWindow(
                        3, new OffsetRange[] {new OffsetRange("t", 2, 4, 6)}, 5L, 7L, 0.5, 0.25);
        return new DriftAlert(
                "model",
                1,
                8,
                "ddm",
                Signal.ERROR,
                9,
                10,
                0.5,
                0.75,
                6L,
                window,
                window,
                new ClassChange[] {new ClassChange(1, "b", 2, 3, 0.5, null, 0.25, null)},
                DriftReaction.NONE);
    }

    private static Prediction prediction() {
        return new Prediction(
                "model",
                "id",
                1,
                new PartitionOffset("t", 2, 9),
                3,
                7,
                1,
                new String[] {"a", "b", "c"},
                new float[] {0.25f, 0.5f, 0.25f});
    }

    private static DeadLetter deadLetter() {
        RawMessage message =
                new RawMessage(
                        "t",
                        2,
                        9,
                        77,
                        new byte[] {1},
                        null,
                        new String[] {"h", "none"},
                        new byte[][] {{3, 4}, null});
        return new DeadLetter(message, "", DeadLetterReason.NULL_VALUE, "no value");
    }

    private static SpecificRecordBase read(Publication publication) throws IOException {
        return EventReader.of(publication.topic().event())
                .read(publication.value(), publication.schema());
    }

    @ParameterizedTest
    @EnumSource
    void everyFormat_holdsTheSameEventsUnderTheSameKeys(PublishFormat format) throws IOException {
        List<Publication> expected = everyKind(publisher(PublishFormat.AVRO, 4));
        List<Publication> publications = everyKind(publisher(format, 100_000));

        assertThat(publications).extracting(Publication::topic).contains(Topic.values());
        assertThat(publications).hasSameSizeAs(expected);
        for (int i = 0; i < publications.size(); i++) {
            assertThat(publications.get(i).topic()).isEqualTo(expected.get(i).topic());
            assertThat(publications.get(i).key()).isEqualTo(expected.get(i).key());
            assertThat(read(publications.get(i))).isEqualTo(read(expected.get(i)));
        }
    }

    @Test
    void avroFormat_isThatOfTheGeneratedClasses() throws IOException {
        for (Publication publication : everyKind(PUBLISHER)) {
            SpecificRecordBase event = read(publication);
            if (event instanceof ModelSnapshotEvent) {
                continue; // the order of its hyper-parameters is that of a hash table
            }

            assertThat(publication.value())
                    .isEqualTo(
                            new BinaryMessageEncoder<SpecificRecordBase>(
                                            event.getSpecificData(), event.getSchema())
                                    .encode(event)
                                    .array());
        }
    }

    @Test
    void jsonFormat_isJson() {
        for (Publication publication : everyKind(publisher(PublishFormat.JSON, 100_000))) {
            assertThat(new String(publication.value(), StandardCharsets.UTF_8))
                    .startsWith("{\"")
                    .endsWith("}");
        }
    }

    @Test
    void framedFormat_isThatOfTheRegistry_whichHasTheSchemaUnderTheTopicsName() throws Exception {
        List<Publication> publications =
                everyKind(publisher(PublishFormat.CONFLUENT_AVRO, 100_000));
        try (SchemaRegistry registry =
                new SchemaRegistry(
                        new RegistryConfig(List.of(REGISTRY.url()), null, null, false),
                        UnaryOperator.identity())) {
            for (Publication publication : publications) {
                ByteBuffer value = ByteBuffer.wrap(publication.value());
                assertThat(value.get()).isZero();
                int id = value.getInt();
                Schema schema = registry.schema(id).avro();
                GenericDatumReader<GenericRecord> reader = new GenericDatumReader<>(schema);
                BinaryDecoder body =
                        DecoderFactory.get()
                                .binaryDecoder(publication.value(), 5, value.limit() - 5, null);

                assertThat(reader.read(null, body).toString())
                        .isEqualTo(generic(read(publication)).toString());
                assertThat(body.isEnd()).isTrue();
                String subject = publication.topic().name() + "-value";
                assertThat(registry.register(subject, schema.toString())).isEqualTo(id);
            }
        }
    }

    private static GenericRecord generic(SpecificRecordBase event) throws IOException {
        byte[] bytes =
                new BinaryMessageEncoder<SpecificRecordBase>(
                                event.getSpecificData(), event.getSchema())
                        .encode(event)
                        .array();
        return EventReader.generic(event.getSchema()).read(bytes);
    }

    @Test
    void framedSnapshot_hasTheIdOfEachTopicsSubject() {
        ModelSnapshotEvent event = snapshotOf(3);
        List<Publication> publications =
                PublishFormat.CONFLUENT_AVRO
                        .encoder(Map.of(Topic.MODELS, 7, Topic.MODEL_HISTORY, 0x01020304))
                        .encode(new byte[] {1}, event, List.of(Topic.MODELS, Topic.MODEL_HISTORY));

        byte[] history = publications.get(1).value();
        assertThat(publications.get(1).topic()).isEqualTo(Topic.MODEL_HISTORY);
        assertThat(history).startsWith(0, 1, 2, 3, 4);
        byte[] expected = history.clone();
        ByteBuffer.wrap(expected).putInt(1, 7);
        assertThat(publications.get(0).value()).isEqualTo(expected);
    }

    @Test
    void publisherThatIsNotOpen_encodesNothing() {
        assertThatThrownBy(() -> closedPublisher(PublishFormat.AVRO, 4).deadLetter(deadLetter()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the publisher is not open");
    }

    @Test
    void chunkInJson_hasTheBytesOfOneInAvro() {
        PublishConfig avro = config(PublishFormat.AVRO, 200_000);
        PublishConfig json = config(PublishFormat.JSON, 200_000);

        assertThat(avro.parametersPerRecord()).isEqualTo(200_000);
        assertThat(avro.parametersInFirstRecord(1000, Map.of())).isEqualTo(200_000);
        assertThat(json.parametersPerRecord()).isEqualTo(50_000);
        // The place of 3072 parameters is that of the other fields' names; 2000 moments of 25 bytes
        // instead of 8 take that of 2125, and 1000 limits of 16 bytes instead of 4 that of 750.
        assertThat(json.parametersInFirstRecord(0, Map.of())).isEqualTo(50_000 - 3072);
        assertThat(json.parametersInFirstRecord(1000, Map.of()))
                .isEqualTo(50_000 - 3072 - 2125 - 750);
        assertThat(json.parametersInFirstRecord(1_000_000, Map.of())).isEqualTo(1);
        assertThat(config(PublishFormat.JSON, 1).parametersPerRecord()).isEqualTo(1);
    }

    @Test
    void snapshotInJson_hasAllParametersInItsChunks() throws IOException {
        float[] parameters = new float[10_000];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = i;
        }
        List<Publication> publications = new ArrayList<>();
        publisher(PublishFormat.JSON, 20_000).snapshot(snapshot(parameters), publications::add);
        publications.removeIf(publication -> publication.topic() != Topic.MODELS);

        List<Integer> sizes = new ArrayList<>();
        List<Float> read = new ArrayList<>();
        for (Publication publication : publications) {
            ModelSnapshotEvent event =
                    EventReader.of(ModelSnapshotEvent.class).read(publication.value());
            assertThat(event.getChunks()).isEqualTo(publications.size());
            assertThat(event.getParameterOffset()).isEqualTo(read.size());
            sizes.add(event.getParameters().size());
            read.addAll(event.getParameters());
        }

        assertThat(sizes).containsExactly(5000 - 3072 - 6, 5000, 3078);
        assertThat(read).hasSize(10_000).isSorted().doesNotHaveDuplicates();
    }

    /** An ensemble of one linear model, two experts each of ferns and of examples, and three. */
    private static ModelSnapshot ensemble() {
        Random random = new Random(1);
        Expert[] experts = new Expert[8];
        for (int e = 0; e < experts.length; e++) {
            experts[e] =
                    new Expert(
                            "e" + e,
                            e == 0 ? 0.01 : Double.NaN,
                            (e + 1) / 36.0,
                            0,
                            Double.NaN,
                            Double.NaN,
                            Double.NaN);
        }
        return new ModelSnapshot(
                "model",
                progress(experts),
                floats(random, 9),
                8,
                new double[] {0.5, 1.5},
                new double[] {2, 3},
                new float[] {10, 20},
                3,
                "softmax",
                null,
                new EnsembleParameters(
                        floats(random, 64 * 260 * 2 * 3),
                        random.ints(64 * 8, 0, 2).toArray(),
                        floats(random, 64 * 8),
                        floats(random, 5 * 2),
                        new int[] {2, 0, 1, 1, 2},
                        new float[] {0.008f, 1.728f},
                        new float[] {0.1f, 0.2f, 0.7f, 0, 0, 1, 0.5f, 0.25f, 0.25f},
                        random.doubles(8, -1, 1).toArray(),
                        random.doubles(8, -1, 1).toArray(),
                        new double[] {0.125, 0.5, 0.375},
                        new EnsembleTraining(
                                positive(random, 64 * 260 * 2),
                                positive(random, 5 * 3),
                                5,
                                32,
                                2,
                                random.doubles(2 * 9, 0.1, 1).toArray(),
                                random.doubles(4, 0.1, 1).toArray(),
                                random.doubles(64, -1, 1).toArray(),
                                random.doubles(64, -1, 1).toArray())));
    }

    private static float[] positive(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() + 0x1p-30f;
        }
        return values;
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, -random.nextInt(9)));
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource
    void ensembleSnapshot_hasAllExpertsInItsChunks(PublishFormat format) throws Exception {
        ModelSnapshot snapshot = ensemble();
        List<Publication> publications = new ArrayList<>();
        publisher(format, 20_000).snapshot(snapshot, publications::add);
        publications.removeIf(publication -> publication.topic() != Topic.MODELS);
        List<ModelSnapshotEvent> events = new ArrayList<>();
        for (Publication publication : publications) {
            assertThat(publication.value().length).isLessThanOrEqualTo(20_000 * Float.BYTES + 1024);
            events.add((ModelSnapshotEvent) read(publication));
        }

        int room =
                switch (format) {
                    case AVRO -> 20_000;
                    case JSON -> 5000 - 3072 - 6;
                    case CONFLUENT_AVRO -> 20_000 - 9;
                };
        // Beside 512 tests of a feature and a threshold, 5 labels, 2 weights, 9 predictions, and 19
        // and 150 doubles.
        assertThat(events.get(0).getParameters()).hasSize(room - (1024 + 5 + 2 + 9 + 38 + 300));
        EnsembleParameters expected = Objects.requireNonNull(snapshot.ensemble());
        ModelContent content = ClassifierReader.content(events);
        EnsembleContent found = Objects.requireNonNull(content.ensemble());
        assertThat(content.parameters()).isEqualTo(snapshot.parameters());
        assertThat(content.learningRates()).containsExactly(0.01);
        assertThat(content.mixture())
                .containsExactly(
                        IntStream.rangeClosed(1, 8).mapToDouble(e -> e / 36.0).toArray(),
                        within(1e-15));
        assertThat(found.fernLogits()).isEqualTo(expected.ferns());
        assertThat(found.testFeatures()).isEqualTo(expected.testFeatures());
        assertThat(found.testThresholds()).isEqualTo(expected.testThresholds());
        assertThat(found.examples()).isEqualTo(expected.points());
        assertThat(found.labels()).isEqualTo(expected.labels());
        assertThat(found.featureWeights()).isEqualTo(expected.featureWeights());
        assertThat(found.labelPredictions()).isEqualTo(expected.labelPredictions());
        assertThat(found.stack()).isEqualTo(expected.stack());
        assertThat(found.correction()).isEqualTo(expected.correction());
        assertThat(found.answers()).isEqualTo(expected.answers());
        assertThat(found.training())
                .usingRecursiveComparison()
                .isEqualTo(content(Objects.requireNonNull(expected.training())));
        assertThat(events.get(0).getEnsemble().getFerns()).isEqualTo(64);
        assertThat(events.get(0).getEnsemble().getDimensions()).isEqualTo(2);
        assertThat(events.subList(1, events.size()))
                .isNotEmpty()
                .allMatch(event -> event.getEnsemble() == null);
        assertThat(content.info().contentHash()).isEqualTo(hash(snapshot, expected));
    }

    private static TrainingContent content(EnsembleTraining training) {
        return new TrainingContent(
                training.fernSums(),
                training.labelCounts(),
                training.seen(),
                training.nextRefresh(),
                training.lastLabel(),
                training.mixture(),
                training.answers(),
                training.stackCovariance(),
                training.correctionCovariance());
    }

    private static String hash(ModelSnapshot snapshot, EnsembleParameters ensemble)
            throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(700_000).order(ByteOrder.LITTLE_ENDIAN);
        EnsembleTraining training = Objects.requireNonNull(ensemble.training());
        List<float[]> parameters =
                List.of(
                        snapshot.parameters(),
                        ensemble.ferns(),
                        ensemble.points(),
                        training.fernSums(),
                        training.labelCounts());
        parameters.forEach(values -> put(bytes, values));
        for (double value : new double[] {0.5, 1.5, 2, 3}) {
            bytes.putDouble(value);
        }
        bytes.putFloat(10).putFloat(20);
        for (Expert expert : snapshot.progress().experts()) {
            bytes.putDouble(expert.weight());
        }
        for (int feature : ensemble.testFeatures()) {
            bytes.putInt(feature);
        }
        put(bytes, ensemble.testThresholds());
        for (int label : ensemble.labels()) {
            bytes.putInt(label);
        }
        put(bytes, ensemble.featureWeights());
        put(bytes, ensemble.labelPredictions());
        for (double[] weights :
                List.of(
                        ensemble.stack(),
                        ensemble.correction(),
                        ensemble.answers(),
                        training.mixture(),
                        training.answers(),
                        training.stackCovariance(),
                        training.correctionCovariance())) {
            for (double weight : weights) {
                bytes.putDouble(weight);
            }
        }
        bytes.putLong(training.seen()).putLong(training.nextRefresh());
        bytes.putInt(training.lastLabel());
        return sha256(Arrays.copyOf(bytes.array(), bytes.position()));
    }

    private static void put(ByteBuffer bytes, float[] values) {
        for (float value : values) {
            bytes.putFloat(value);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AVRO", "JSON"})
    void sparseSnapshot_hasWholeRowsInItsChunks(PublishFormat format) throws Exception {
        int rows = 100;
        int[] columns = new int[rows];
        float[] parameters = new float[4 * rows];
        float[] scales = new float[rows];
        for (int i = 0; i < rows; i++) {
            columns[i] = 3 * i;
            scales[i] = i + 0.5f;
            for (int c = 0; c < 4; c++) {
                parameters[4 * i + c] = 10 * i + c;
            }
        }
        ModelSnapshot dense = snapshot(new float[0]);
        ModelSnapshot snapshot =
                new ModelSnapshot(
                        dense.modelId(),
                        dense.progress(),
                        new float[0],
                        0,
                        null,
                        null,
                        null,
                        2,
                        "softmax",
                        new SparseParameters(columns, parameters, scales),
                        null);
        Map<Integer, String> hashes = new HashMap<>();
        for (int chunkSize : new int[] {100, 20_000, 1_000_000}) {
            List<Publication> publications = new ArrayList<>();
            publisher(format, chunkSize).snapshot(snapshot, publications::add);
            publications.removeIf(publication -> publication.topic() != Topic.MODELS);
            int row = 0;
            for (Publication publication : publications) {
                ModelSnapshotEvent event =
                        EventReader.of(ModelSnapshotEvent.class).read(publication.value());
                assertThat(event.getChunks()).isEqualTo(publications.size());
                assertThat(event.getParameterOffset()).isEqualTo(4 * row);
                assertThat(event.getParameters()).hasSize(4 * event.getColumns().size());
                assertThat(event.getScales()).hasSameSizeAs(event.getColumns());
                for (int i = 0; i < event.getColumns().size(); i++) {
                    assertThat(event.getColumns().get(i)).isEqualTo(3 * row);
                    assertThat(event.getScales().get(i)).isEqualTo(row + 0.5f);
                    assertThat(event.getParameters().get(4 * i + 3)).isEqualTo(10 * row + 3);
                    row++;
                }
                hashes.put(chunkSize, event.getContentHash());
            }
            assertThat(row).isEqualTo(rows);
        }
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < rows; i++) {
            ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(columns[i]).putFloat(scales[i]);
            for (int c = 0; c < 4; c++) {
                bytes.putFloat(parameters[4 * i + c]);
            }
            sha256.update(bytes.array());
        }
        ByteBuffer weights = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        for (io.freshet.learn.Expert expert : dense.progress().experts()) {
            weights.putDouble(expert.weight());
        }
        if (weights.position() > Double.BYTES) {
            sha256.update(weights.flip());
        }
        String expected = HexFormat.of().formatHex(sha256.digest());
        assertThat(hashes.values()).hasSize(3).containsOnly(expected);
    }

    /** The largest value of every number, and text of the characters that need most bytes. */
    @ParameterizedTest
    @EnumSource
    void partsOfARecord_stayWithinTheBounds(PublishFormat format) {
        RecordBounds bounds = format.bounds();
        double number = -2.2250738585072014E-308;
        long count = Long.MIN_VALUE;
        String name = "\u0001\uFFFF\uD83D\uDE00";
        io.freshet.schemas.ClassCounts counts =
                new io.freshet.schemas.ClassCounts(count, count, count, number, number, number);
        assertThat(size(format, new io.freshet.schemas.ClassScores(0, "", counts, counts)))
                .isBetween(bounds.classScores() / 2L, (long) bounds.classScores());
        assertThat(
                        size(
                                format,
                                new io.freshet.schemas.ConfusionCell(
                                        Integer.MIN_VALUE, Integer.MIN_VALUE, count)))
                .isLessThanOrEqualTo(bounds.confusionCell());
        assertThat(
                        size(
                                format,
                                new io.freshet.schemas.CalibrationBin(
                                        number, number, count, number, number)))
                .isLessThanOrEqualTo(bounds.calibrationBin());
        String rate = "rate " + new BigDecimal(Double.MIN_VALUE).toPlainString().substring(0, 328);
        assertThat(
                        size(
                                format,
                                new io.freshet.schemas.Expert(
                                        rate, number, number, count, number, number, number)))
                .isLessThanOrEqualTo(bounds.expert());
        assertThat(size(format, new io.freshet.schemas.Header(name, null)))
                .isLessThanOrEqualTo(bounds.text(name) + bounds.text("value") + 20);
        assertThat(size(format, snapshotOf(1000)) - size(format, snapshotOf(0)))
                .isBetween(900L * bounds.parameter(), 1000L * bounds.parameter() + 10);
    }

    @Test
    void frameAndHeader_areCountedInTheBounds() {
        Publication framed =
                PublishFormat.CONFLUENT_AVRO
                        .encoder(Map.of(Topic.METRICS, 1))
                        .encode(null, snapshotOf(0), List.of(Topic.METRICS))
                        .get(0);
        int more = 5 + "freshet.schema".length() + framed.schema().length;

        assertThat(framed.schema()).hasSize(10);
        assertThat(RecordBounds.CONFLUENT_AVRO.envelope() - RecordBounds.AVRO.envelope())
                .isBetween(more, more + 8);
        PublishConfig config = config(PublishFormat.CONFLUENT_AVRO, 200_000);
        assertThat(config.parametersInFirstRecord(0, Map.of())).isEqualTo(200_000 - 9);
        assertThat(config.parametersPerRecord()).isEqualTo(200_000);
    }

    private static ModelSnapshotEvent snapshotOf(int parameters) {
        return ModelSnapshotEvent.newBuilder()
                .setModelId("")
                .setModelVersion(0)
                .setTimestamp(null)
                .setChunk(0)
                .setChunks(0)
                .setContentHash("")
                .setNumFeatures(0)
                .setClasses(List.of())
                .setParameterOffset(0)
                .setParameters(Collections.nCopies(parameters, -1.17549435E-38f))
                .setScaler(null)
                .setProvenance(null)
                .build();
    }

    private static long size(PublishFormat format, SpecificRecordBase part) {
        long header =
                switch (format) {
                    case AVRO -> 10;
                    case JSON -> 0;
                    case CONFLUENT_AVRO -> 5;
                };
        Publication publication =
                format.encoder(Map.of(Topic.METRICS, 1))
                        .encode(null, part, List.of(Topic.METRICS))
                        .get(0);
        return publication.value().length - header;
    }

    @Test
    void snapshot_isSplitIntoChunks_thatTogetherHaveAllParameters() throws Exception {
        float[] parameters = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        List<Publication> publications = new ArrayList<>();
        PUBLISHER.snapshot(snapshot(parameters), publications::add);

        assertThat(publications)
                .extracting(Publication::topic)
                .containsExactly(
                        Topic.MODELS,
                        Topic.MODEL_HISTORY,
                        Topic.MODELS,
                        Topic.MODEL_HISTORY,
                        Topic.MODELS,
                        Topic.MODEL_HISTORY);
        ByteBuffer content = ByteBuffer.allocate(11 * 4 + 6 * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int chunk = 0; chunk < 3; chunk++) {
            Publication publication = publications.get(2 * chunk);
            assertThat(new String(publication.key(), StandardCharsets.UTF_8))
                    .isEqualTo("model/" + chunk);
            ModelSnapshotEvent event =
                    EventReader.of(ModelSnapshotEvent.class).read(publication.value());
            assertThat(event.getChunk()).isEqualTo(chunk);
            assertThat(event.getChunks()).isEqualTo(3);
            assertThat(event.getParameterOffset()).isEqualTo(4 * chunk);
            assertThat(event.getModelVersion()).isEqualTo(3);
            event.getParameters().forEach(content::putFloat);
            assertThat(event.getScaler() == null).isEqualTo(chunk > 0);
            assertThat(event.getProvenance() == null).isEqualTo(chunk > 0);
            assertThat(event.getExperts().isEmpty()).isEqualTo(chunk > 0);
            assertThat(event.getActivation()).isEqualTo("softmax");
            assertThat(event.getNumOutputs()).isEqualTo(3);
        }
        // The scaler's moments and limits, then the weights of the experts.
        for (double value : new double[] {0.5, 1.5, 2, 3}) {
            content.putDouble(value);
        }
        content.putFloat(10).putFloat(20).putDouble(0.75).putDouble(0.25);
        ModelSnapshotEvent first =
                EventReader.of(ModelSnapshotEvent.class).read(publications.get(0).value());
        assertThat(first.getContentHash()).isEqualTo(sha256(content.array()));
        assertThat(first.getClasses()).containsExactly("a", "b", "c");
        assertThat(first.getExperts()).isEqualTo(EXPERTS);
        assertThat(first.getProvenance().getExamplesSeen()).isEqualTo(1);
        assertThat(first.getProvenance().getHyperParameters())
                .containsEntry("training.momentum", "0.9")
                .containsEntry("scaler.type", "welford");
        assertThat(first.getProvenance().getJobVersion()).matches("[0-9]+\\.[0-9]+.*");
    }

    @Test
    void contentHashWithASingleRate_coversOnlyParametersAndMoments() throws Exception {
        ModelProgress mixture = progress();
        ModelProgress single =
                new ModelProgress(
                        mixture.modelVersion(),
                        mixture.skippedSteps(),
                        mixture.timestamp(),
                        mixture.audit(),
                        mixture.offsets(),
                        mixture.partitions(),
                        0.01,
                        new Expert[] {
                            new Expert("rate 0.01", 0.01, 1, 0, Double.NaN, Double.NaN, Double.NaN)
                        },
                        new ExpertCombination[0],
                        0,
                        1.5,
                        2.5,
                        0,
                        FeatureCounts.NONE,
                        FeatureCounts.NONE,
                        FeatureCounts.NONE,
                        0,
                        new DetectorReport[0],
                        "CPU",
                        new String[0]);
        List<Publication> publications = new ArrayList<>();
        PUBLISHER.snapshot(
                new ModelSnapshot(
                        "model", single, new float[] {1, 2}, 0, null, null, null, 1, "sigmoid"),
                publications::add);

        ByteBuffer content = ByteBuffer.allocate(2 * 4).order(ByteOrder.LITTLE_ENDIAN);
        content.putFloat(1).putFloat(2);
        assertThat(
                        EventReader.of(ModelSnapshotEvent.class)
                                .read(publications.get(0).value())
                                .getContentHash())
                .isEqualTo(sha256(content.array()));
    }

    private static String sha256(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    @Test
    void deadLetter_keepsEveryByte() throws IOException {
        Publication publication = PUBLISHER.deadLetter(deadLetter());

        DeadLetterEvent event = EventReader.of(DeadLetterEvent.class).read(publication.value());
        assertThat(event.getKey()).isEqualTo(ByteBuffer.wrap(new byte[] {1}));
        assertThat(event.getValue()).isNull();
        assertThat(event.getHeaders()).hasSize(2);
        assertThat(event.getHeaders().get(0).getValue())
                .isEqualTo(ByteBuffer.wrap(new byte[] {3, 4}));
        assertThat(event.getHeaders().get(1).getValue()).isNull();
        assertThat(event.getReason()).isEqualTo("NULL_VALUE");
        assertThat(event.getOffset()).isEqualTo(9);
        assertThat(event.getTimestamp()).isEqualTo(Instant.ofEpochMilli(77));
    }

    @Test
    void metrics_haveTheAudit() throws IOException {
        MetricsEvent event = metrics(null);

        assertThat(event.getSequence()).isEqualTo(4);
        assertThat(event.getAttempt()).isNull();
        assertThat(event.getExamplesSeen()).isEqualTo(1);
        assertThat(event.getAudit().getAccepted().getDigest()).isEqualTo(5);
        assertThat(event.getAudit().getDeadLetters().getDigest()).isEqualTo(7);
        assertThat(event.getIgnoredByReason()).isEqualTo(Map.of("ZERO_WEIGHT", 1L));
        assertThat(event.getDeadLettersByReason()).isEqualTo(Map.of("TRUNCATED", 1L));
        assertThat(event.getOffsets().get(0).getOffset()).isEqualTo(9);
        assertThat(event.getJob()).isEqualTo("job");
        assertThat(event.getEpoch()).isEqualTo(2);
        assertThat(event.getPartitions())
                .containsExactly(
                        new PartitionAudit("t", "topic-id", 2, 4L, 10L, new Tally(3L, 18L)));
        assertThat(event.getRolling().getLoss()).isEqualTo(0.5);
        assertThat(event.getRolling().getKappa()).isNull();
    }

    @Test
    void scoresInTheSchema_areThoseOfTheMonitor() {
        assertThat(io.freshet.schemas.Scores.getClassSchema().getFields())
                .extracting(Schema.Field::name)
                .startsWith("examples", "weight")
                .endsWith(
                        Arrays.stream(Score.values()).map(Score::fieldName).toArray(String[]::new))
                .hasSize(2 + Score.values().length);
    }

    @Test
    void metrics_haveEveryField() throws IOException {
        MetricsEvent event = metrics(9L);

        assertThat(event.getAttempt()).isEqualTo(9);
        assertThat(event.getRolling())
                .isEqualTo(
                        new io.freshet.schemas.Scores(
                                1L, 2.0, 0.5, 1.0, null, 0.0, null, null, 3.0, 4.0, 5.0, 6.0, 7.0,
                                8.0));
        assertThat(event.getFading().getLoss()).isEqualTo(0.25);
        assertThat(event.getPrequential().getLoss()).isEqualTo(0.75);
        assertThat(event.getFadingFactor()).isEqualTo(0.99);
        assertThat(event.getWindowSize()).isEqualTo(1000);
        assertThat(event.getTopK()).isEqualTo(2);
        assertThat(event.getRunningLoss()).isEqualTo(0.625);
        assertThat(event.getRunningLossMiniBatches()).isEqualTo(200);
        assertThat(event.getClasses())
                .containsExactly(
                        new io.freshet.schemas.ClassScores(
                                1,
                                "b",
                                new io.freshet.schemas.ClassCounts(3L, 2L, 1L, 0.5, 0.25, null),
                                new io.freshet.schemas.ClassCounts(6L, 5L, 4L, 0.75, 0.5, 0.6)));
        assertThat(event.getOtherClasses()).isEqualTo(2);
        assertThat(event.getConfusion())
                .isEqualTo(
                        new Confusion(
                                List.of(new io.freshet.schemas.ConfusionCell(1, 2, 3L)), 4L, 5L));
        assertThat(event.getCalibration())
                .containsExactly(new io.freshet.schemas.CalibrationBin(0.0, 0.1, 6L, 0.05, null));
        assertThat(event.getExpectedAccuracy()).isEqualTo(0.875);
        assertThat(event.getExpectedAccuracyEvents()).isEqualTo(7);
        assertThat(event.getGradientNorm()).isEqualTo(1.5);
        assertThat(event.getParameterNorm()).isEqualTo(2.5);
        assertThat(event.getDrifts()).isEqualTo(5);
        assertThat(event.getDetectors())
                .containsExactly(
                        new DetectorState("ddm", "missed-probability", "warning", 0.5, null, 7L));
        assertThat(event.getToldAt()).isEqualTo(Instant.ofEpochMilli(1_234));
        assertThat(event.getThroughput()).isEqualTo(500);
        assertThat(event.getEventTimeLag()).isEqualTo(1_234 - event.getTimestamp().toEpochMilli());
    }

    @Test
    void metrics_haveTheMixture() throws IOException {
        MetricsEvent event = metrics(null);

        assertThat(event.getExperts()).isEqualTo(EXPERTS);
        assertThat(event.getCombinations())
                .containsExactly(new io.freshet.schemas.ExpertCombination("stack", 0.5, 0.25));
        assertThat(event.getLearningRate()).isEqualTo(0.01);
        assertThat(event.getRollBacks()).isEqualTo(6);
        assertThat(event.getSkippedSteps()).isEqualTo(1);
    }

    @Test
    void prediction_namesTheClass() throws IOException {
        Publication publication = PUBLISHER.prediction(prediction());

        PredictionEvent event = EventReader.of(PredictionEvent.class).read(publication.value());
        assertThat(event.getPredictedLabel()).isEqualTo("b");
        assertThat(event.getProbabilities()).containsExactly(0.25f, 0.5f, 0.25f);
        assertThat(event.getSource().getOffset()).isEqualTo(9);
    }

    @Test
    void prediction_hasTheEntropy_ofAllClasses() throws IOException {
        PredictionEvent event =
                EventReader.of(PredictionEvent.class)
                        .read(PUBLISHER.prediction(prediction()).value());
        assertThat(event.getEntropy()).isCloseTo(1.5 * Math.log(2), within(1e-12));
        assertThat(event.getExamplesSeen()).isEqualTo(7);
        assertThat(event.getClasses()).isEmpty();
        assertThat(event.getLabel()).isNull();
        assertThat(event.getLoss()).isNull();
    }

    @Test
    void prediction_hasTheMostProbableClasses_ifSoConfigured() {
        Prediction prediction =
                new Prediction(
                        "model",
                        "id",
                        1,
                        new PartitionOffset("t", 2, 9),
                        3,
                        7,
                        2,
                        new String[] {"a", "b", "c", "d"},
                        new float[] {0.25f, 0, 0.5f, 0.25f},
                        3,
                        1.5);
        PredictionEvent two =
                PredictionFields.event(prediction, LabelType.CLASS, 2, JobIdentity.first("job"));
        assertThat(two.getClasses()).containsExactly("c", "a");
        assertThat(two.getProbabilities()).containsExactly(0.5f, 0.25f);
        assertThat(two.getEntropy()).isCloseTo(1.5 * Math.log(2), within(1e-12));
        assertThat(two.getLabel()).isEqualTo("d");
        assertThat(two.getLoss()).isEqualTo(1.5);
        PredictionEvent all =
                PredictionFields.event(prediction, LabelType.CLASS, 4, JobIdentity.first("job"));
        assertThat(all.getClasses()).isEmpty();
        assertThat(all.getProbabilities()).hasSize(4);
    }
}
