package io.freshet.score;

import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExamplePacker;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.Origins;
import io.freshet.ingest.RawMessage;
import io.freshet.ingest.SourcePartition;
import io.freshet.learn.PartitionOffset;
import io.freshet.learn.Prediction;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.SchemaRegistry;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReadOnlyBroadcastState;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.BroadcastProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.apache.flink.util.function.SerializableFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Function that predicts each event with the newest published version of its model. Events come in
 * parallel, and the records of snapshots to every subtask.
 *
 * <p>An event is decoded as ingest decodes it, and answered at once: a prediction takes less than a
 * microsecond, so that forming blocks would only add latency. The newest whole snapshot of each
 * model is in broadcast state, so that a restored job has its models before its first event. Events
 * that wait for their model are in operator state, which is divided anew when the job is rescaled.
 */
public final class ScoreFunction
        extends BroadcastProcessFunction<RawMessage, RawMessage, Prediction>
        implements CheckpointedFunction {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(ScoreFunction.class);

    /** Side output of the events that could not be predicted. */
    public static final OutputTag<DeadLetter> DEAD_LETTERS =
            new OutputTag<>("dead-letters") {
                private static final long serialVersionUID = 1;
            };

    /** Descriptor of the state of snapshots: records by model, version and chunk. */
    public static final MapStateDescriptor<String, RawMessage> SNAPSHOTS =
            new MapStateDescriptor<>(
                    "snapshots", Types.STRING, TypeInformation.of(RawMessage.class));

    /** In place of the model id of events that have not been decoded since a restore. */
    private static final String RESTORED = "";

    private final IngestConfig ingest;
    private final ScoreConfig config;
    private final SerializableFunction<String, String> secrets;

    private final @Nullable InitialModels initialModels;

    private transient @Nullable SchemaRegistry registry;
    private transient Map<Integer, Long> readBefore;
    private transient ExamplePacker packer;
    private transient @Nullable LiveModels models;
    private transient List<DeadLetter> refused;
    private transient @Nullable Map<String, List<RawMessage>> waitingByModel;
    private transient int numWaiting;
    private transient @Nullable ListState<RawMessage> waitingState;
    private transient Counter predictions;
    private transient Counter deadLetters;
    private transient Counter refusedSnapshots;

    /**
     * @param secrets function that replaces references to secrets in a text by what they refer to
     * @param initialModels snapshots to begin with, in place of those in state; null to begin with
     *     those in state
     */
    @SuppressWarnings("NullAway.Init") // transient fields are set before the first element
    public ScoreFunction(
            IngestConfig ingest,
            ScoreConfig config,
            SerializableFunction<String, String> secrets,
            @Nullable InitialModels initialModels) {
        this.initialModels = initialModels;
        this.ingest = ingest;
        this.config = config;
        this.secrets = secrets;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        ListState<RawMessage> state =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "waiting", TypeInformation.of(RawMessage.class)));
        waitingState = state;
        List<RawMessage> restored = new ArrayList<>();
        state.get().forEach(restored::add);
        waitingByModel = new LinkedHashMap<>();
        if (!restored.isEmpty()) {
            // Their models are only known once they are decoded.
            waiting().put(RESTORED, restored);
        }
        numWaiting = restored.size();
    }

    private Map<String, List<RawMessage>> waiting() {
        return Objects.requireNonNull(waitingByModel);
    }

    @Override
    public void open(OpenContext context) {
        MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup("freshet");
        predictions = metrics.counter("predictions");
        deadLetters = metrics.counter("scoreDeadLetters");
        refusedSnapshots = metrics.counter("refusedSnapshots");
        metrics.gauge("waitingEvents", () -> numWaiting);
        metrics.gauge("scoredModels", () -> models == null ? 0 : models.size());
        RegistryConfig registryConfig = ingest.source().registry();
        if (registryConfig != null) {
            RegistryHealth health = new RegistryHealth();
            health.addGauges(metrics);
            registry = new SchemaRegistry(registryConfig, secrets::apply, health);
        }
        readBefore = Map.of();
        refused = new ArrayList<>();
        packer = ExamplePacker.forPrediction(ingest, registry, refused::add);
    }

    @Override
    public void processElement(
            RawMessage message, ReadOnlyContext context, Collector<Prediction> out)
            throws Exception {
        Output output = new Output(out, letter -> context.output(DEAD_LETTERS, letter));
        LiveModels live = models(context.getBroadcastState(SNAPSHOTS));
        predictRestored(live, output);
        predict(message, live, output);
    }

    @Override
    public void processBroadcastElement(
            RawMessage message, Context context, Collector<Prediction> out) throws Exception {
        BroadcastState<String, RawMessage> state = context.getBroadcastState(SNAPSHOTS);
        Output output = new Output(out, letter -> context.output(DEAD_LETTERS, letter));
        LiveModels live = models(state);
        predictRestored(live, output);
        if (message.value() == null // Kafka's marker of a deleted key
                || message.offset() < readBefore.getOrDefault(message.partition(), 0L)) {
            return;
        }
        ModelSnapshotEvent record;
        try {
            record = LiveModels.read(message);
        } catch (IOException e) {
            refuse("A record of a snapshot cannot be read", e);
            return;
        }
        if (isKept()) {
            state.put(key(record), message);
        }
        try {
            if (live.add(record).isPresent()) {
                removeOthers(record, state);
                List<RawMessage> released = waiting().remove(record.getModelId());
                if (released != null) {
                    numWaiting -= released.size();
                    for (RawMessage event : released) {
                        predict(event, live, output);
                    }
                }
            }
        } catch (InvalidSnapshotException e) {
            removeSnapshot(record, state);
            refuse("A snapshot is not used", e);
        }
    }

    /** Returns whether snapshots are kept in state, and not read from their topic at each start. */
    private boolean isKept() {
        return initialModels == null;
    }

    private void refuse(String what, IOException problem) {
        refusedSnapshots.inc();
        LOG.warn("{}; the version before it stays in use: {}", what, problem.getMessage());
    }

    private static String key(ModelSnapshotEvent record) {
        return snapshot(record) + record.getChunk();
    }

    /** Returns the beginning of the keys of a snapshot's records. */
    private static String snapshot(ModelSnapshotEvent record) {
        return model(record) + record.getContentHash() + "/" + record.getModelVersion() + "/";
    }

    /** Returns the beginning of the keys of all records of a model. */
    private static String model(ModelSnapshotEvent record) {
        return record.getModelId().length() + "/" + record.getModelId() + "/";
    }

    /** Removes the records of a snapshot. */
    private static void removeSnapshot(
            ModelSnapshotEvent record, BroadcastState<String, RawMessage> state) throws Exception {
        removeIf(state, key -> key.startsWith(snapshot(record)));
    }

    /** Removes the records of all other snapshots of a model. */
    private static void removeOthers(
            ModelSnapshotEvent record, BroadcastState<String, RawMessage> state) throws Exception {
        String kept = snapshot(record);
        removeIf(state, key -> key.startsWith(model(record)) && !key.startsWith(kept));
    }

    private static void removeIf(
            BroadcastState<String, RawMessage> state, Predicate<String> condition)
            throws Exception {
        List<String> removed = new ArrayList<>();
        for (Map.Entry<String, RawMessage> entry : state.entries()) {
            if (condition.test(entry.getKey())) {
                removed.add(entry.getKey());
            }
        }
        for (String key : removed) {
            state.remove(key);
        }
    }

    /** Returns the models; those that are in state, when it is called first. */
    private LiveModels models(ReadOnlyBroadcastState<String, RawMessage> state) throws Exception {
        LiveModels live = models;
        if (live == null) {
            LiveModels loaded = new LiveModels(ingest);
            if (initialModels == null) {
                for (Map.Entry<String, RawMessage> entry : state.immutableEntries()) {
                    load(entry.getValue(), loaded);
                }
            } else {
                readBefore = initialModels.read(record -> load(record, loaded));
            }
            live = loaded;
            models = live;
        }
        return live;
    }

    private void load(RawMessage record, LiveModels loaded) {
        if (record.value() == null) {
            return; // Kafka's marker of a deleted key
        }
        try {
            loaded.add(LiveModels.read(record));
        } catch (IOException e) {
            refuse("A snapshot is not used", e);
        }
    }

    /**
     * Predicts the events that waited when the state was saved, as far as their models are there.
     */
    private void predictRestored(LiveModels live, Output output) throws Exception {
        List<RawMessage> restored = waiting().remove(RESTORED);
        if (restored != null) {
            numWaiting -= restored.size();
            for (RawMessage message : restored) {
                predict(message, live, output);
            }
        }
    }

    private void predict(RawMessage message, LiveModels live, Output output) {
        ExampleBlock block = packer.pack(message);
        refused.forEach(letter -> addDeadLetter(letter, output));
        refused.clear();
        if (block.size() > 0) {
            LiveModels.Model model = live.newest(block.modelId());
            if (model == null) {
                addUnknown(message, block, output);
            } else {
                predict(message, block, model, output);
            }
        }
        packer.recycle(block);
    }

    private void predict(
            RawMessage message, ExampleBlock block, LiveModels.Model model, Output output) {
        Classifier classifier = model.classifier();
        Classification found;
        try {
            found = classify(block.examples(), classifier);
        } catch (IllegalArgumentException e) {
            // A missing value that the model was not trained with.
            String detail = String.valueOf(e.getMessage());
            addDeadLetter(
                    new DeadLetter(
                            message, block.modelId(), DeadLetterReason.NON_FINITE_FEATURE, detail),
                    output);
            return;
        }
        emit(
                block,
                classifier.info().version(),
                classifier.info().examplesSeen(),
                found.predictedClass(),
                model.classes(),
                found.probabilities(),
                output);
    }

    private static Classification classify(Examples examples, Classifier classifier) {
        SparseRows sparse = examples.sparse();
        if (sparse == null) {
            return classifier.classify(examples.features(), 0);
        }
        return classifier.classify(
                Arrays.copyOfRange(sparse.columns(), sparse.start(0), sparse.end(0)),
                Arrays.copyOfRange(sparse.values(), sparse.start(0), sparse.end(0)));
    }

    private void addUnknown(RawMessage message, ExampleBlock block, Output output) {
        String modelId = block.modelId();
        switch (config.unknownModel()) {
            case WAIT -> {
                if (numWaiting < config.maxWaiting()) {
                    waiting().computeIfAbsent(modelId, id -> new ArrayList<>()).add(message);
                    numWaiting++;
                } else {
                    String detail =
                            "no version of the model has been published, and "
                                    + numWaiting
                                    + " events wait already ("
                                    + ScoreConfig.MAX_WAITING
                                    + ")";
                    addUnknown(message, modelId, detail, output);
                }
            }
            case DEAD_LETTER ->
                    addUnknown(
                            message, modelId, "no version of the model has been published", output);
            case UNIFORM -> {
                float[] probabilities = new float[ingest.classes().size()];
                Arrays.fill(probabilities, 1f / probabilities.length);
                emit(
                        block,
                        0,
                        0,
                        0,
                        ingest.classes().toArray(String[]::new),
                        probabilities,
                        output);
            }
        }
    }

    private void addUnknown(RawMessage message, String modelId, String detail, Output output) {
        addDeadLetter(
                new DeadLetter(message, modelId, DeadLetterReason.UNKNOWN_MODEL, detail), output);
    }

    private void addDeadLetter(DeadLetter letter, Output output) {
        deadLetters.inc();
        output.deadLetters.accept(letter);
    }

    private void emit(
            ExampleBlock block,
            long modelVersion,
            long examplesSeen,
            int predictedClass,
            String[] classes,
            float[] probabilities,
            Output output) {
        predictions.inc();
        Origins origins = block.origins();
        SourcePartition source = origins.source(0);
        output.predictions.collect(
                new Prediction(
                        block.modelId(),
                        origins.id(0),
                        origins.timestamp(0),
                        new PartitionOffset(source.topic(), source.partition(), origins.offset(0)),
                        modelVersion,
                        examplesSeen,
                        predictedClass,
                        classes,
                        probabilities));
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        List<RawMessage> messages = new ArrayList<>();
        waiting().values().forEach(messages::addAll);
        Objects.requireNonNull(waitingState).update(messages);
    }

    @Override
    public void close() {
        if (registry != null) {
            registry.close();
        }
    }

    /** Receivers of the results of one call. */
    private record Output(Collector<Prediction> predictions, Consumer<DeadLetter> deadLetters) {}
}
