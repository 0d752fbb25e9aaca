package io.freshet.learn;

import io.freshet.ingest.Audit;
import io.freshet.ingest.DeadLetterReason;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockTypeInfo;
import io.freshet.ingest.IgnoredReason;
import io.freshet.model.example.SparseRows;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.monitor.MonitorOperator;
import io.freshet.monitor.MonitorState;
import io.freshet.pipeline.JobConfig;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/**
 * Keyed state of the job in a savepoint of a release ({@code io.freshet.local.GoldenSavepoint}),
 * read by the operators of today.
 *
 * @param directory directory of the savepoint and the job's settings
 */
@SuppressWarnings("try") // the harness may be interrupted while it closes
public record GoldenState(Path directory) {
    private static final Path RELEASES =
            Path.of("..", "deploy", "local", "src", "test", "resources", "golden");

    /** Maximum parallelism that Flink gives to a job of this size; it divides the keys. */
    private static final int MAX_PARALLELISM = 128;

    /** Writes the missing files {@code state.txt}; run it in the directory of the module. */
    public static void main(String[] args) throws Exception {
        for (GoldenState state : all()) {
            if (!Files.exists(state.file())) {
                List<String> lines = new ArrayList<>();
                state.values(false).forEach((path, value) -> lines.add(path + " = " + value));
                Files.write(state.file(), lines);
            }
        }
    }

    /** Returns the savepoints of all releases. */
    public static List<GoldenState> all() throws IOException {
        try (Stream<Path> directories = Files.walk(RELEASES, 2)) {
            return directories
                    .filter(path -> Files.exists(path.resolve("job.properties")))
                    .sorted()
                    .map(GoldenState::new)
                    .toList();
        }
    }

    private Path file() {
        return directory.resolve("state.txt");
    }

    /** Returns the values that the release wrote, by path. */
    SortedMap<String, String> expected() throws IOException {
        SortedMap<String, String> values = new TreeMap<>();
        for (String line : Files.readAllLines(file())) {
            int separator = line.indexOf(" = ");
            values.put(line.substring(0, separator), line.substring(separator + 3));
        }
        return values;
    }

    /** Returns the configuration of the job. */
    public JobConfig config() throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(directory.resolve("job.properties"))) {
            properties.load(reader);
        }
        Map<String, String> settings = new HashMap<>();
        properties.forEach((key, value) -> settings.put((String) key, (String) value));
        settings.put("kafka.bootstrap.servers", "unused:1");
        // Before there was the key, every learner was linear; an upgrade has to set it.
        settings.putIfAbsent("learner.type", "softmax");
        return JobConfig.parse(settings);
    }

    /** Returns every value in the state, by path. */
    SortedMap<String, String> values(boolean rocksDb) throws Exception {
        SortedMap<String, String> values = new TreeMap<>();
        try (var learn = learn(rocksDb)) {
            values.putAll(models(operator(learn)));
        }
        monitors(rocksDb)
                .forEach((key, monitor) -> StateText.add("monitor/" + key, monitor, values));
        return values;
    }

    /**
     * Returns every value of the models' state after each model was loaded and written to state
     * again.
     */
    SortedMap<String, String> rewrittenModels(boolean rocksDb) throws Exception {
        try (var learn = learn(rocksDb)) {
            // Before any time at which a snapshot is due, which would be counted in the state.
            learn.setProcessingTime(Long.MIN_VALUE / 2);
            LearnOperator operator = operator(learn);
            for (String key : operator.savedKeys()) {
                operator.live(key).markChanged();
            }
            operator.prepareSnapshotPreBarrier(1);
            return models(operator);
        }
    }

    private KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> learn(
            boolean rocksDb) throws Exception {
        var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new LearnOperator(config().learn()),
                        ExampleBlock::modelId,
                        Types.STRING,
                        MAX_PARALLELISM,
                        1,
                        0);
        restore(harness, "learn", rocksDb);
        return harness;
    }

    private static LearnOperator operator(
            KeyedOneInputStreamOperatorTestHarness<String, ExampleBlock, BlockEvaluation> harness) {
        return (LearnOperator) harness.getOneInputOperator();
    }

    /** Returns the state of the metrics, by model. */
    public Map<String, MonitorState> monitors(boolean rocksDb) throws Exception {
        MonitorOperator operator = new MonitorOperator(config().monitor());
        Map<String, MonitorState> monitors = new TreeMap<>();
        try (var harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        operator, BlockEvaluation::modelId, Types.STRING, MAX_PARALLELISM, 1, 0)) {
            restore(harness, "monitor", rocksDb);
            for (String key : operator.savedKeys()) {
                monitors.put(key, value(operator, key, "monitor", MonitorState.class));
            }
        }
        return monitors;
    }

    private void restore(
            KeyedOneInputStreamOperatorTestHarness<String, ?, ?> harness,
            String uid,
            boolean rocksDb)
            throws Exception {
        harness.setStateBackend(
                rocksDb ? new EmbeddedRocksDBStateBackend() : new HashMapStateBackend());
        harness.setup();
        harness.initializeState(savedState(uid));
        harness.open();
    }

    private OperatorSubtaskState savedState(String uid) throws IOException {
        CompletedCheckpointStorageLocation location =
                AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(
                        directory.resolve("savepoint").toUri().toString());
        CheckpointMetadata metadata;
        try (DataInputStream in =
                new DataInputStream(
                        new BufferedInputStream(location.getMetadataHandle().openInputStream()))) {
            metadata =
                    Checkpoints.loadCheckpointMetadata(
                            in, GoldenState.class.getClassLoader(), location.getExternalPointer());
        }
        for (OperatorState operator : metadata.getOperatorStates()) {
            if (operator.getOperatorUid().orElse("").equals(uid)) {
                return operator.getState(0);
            }
        }
        throw new IOException(directory + " has no state of the operator " + uid);
    }

    private static SortedMap<String, String> models(LearnOperator operator) throws Exception {
        SortedMap<String, String> values = new TreeMap<>();
        for (String key : operator.savedKeys()) {
            String path = "learn/" + key;
            ModelState state = value(operator, key, "learner", ModelState.class);
            StateText.add(path, state, values);
            addArrays(operator, key, "", state.model(), values);
            addArrays(operator, key, "successor-", state.successor(), values);
            addPending(
                    path + "/open-rows",
                    state(operator, key, new ValueStateDescriptor<>("open-rows", blocks())).value(),
                    values);
        }
        return values;
    }

    private static TypeInformation<ExampleBlock> blocks() {
        return new ExampleBlockTypeInfo();
    }

    private static void addArrays(
            LearnOperator operator,
            String key,
            String prefix,
            LearnerStateHeader header,
            SortedMap<String, String> values)
            throws Exception {
        List<String> names =
                new ArrayList<>(List.of("parameters", "good-parameters", "baseline-counts"));
        if (header != null) {
            for (String array : header.optimizerArrays()) {
                names.add("optimizer-" + array);
            }
        }
        for (String name : names) {
            MapState<Integer, float[]> chunks =
                    state(
                            operator,
                            key,
                            new MapStateDescriptor<>(
                                    prefix + name,
                                    Types.INT,
                                    PrimitiveArrayTypeInfo.FLOAT_PRIMITIVE_ARRAY_TYPE_INFO));
            for (Map.Entry<Integer, float[]> chunk : chunks.entries()) {
                StateText.add(
                        "learn/" + key + "/" + prefix + name + "/" + chunk.getKey(),
                        chunk.getValue(),
                        values);
            }
        }
        for (String name : List.of("rows", "good-rows")) {
            MapState<Integer, SparseChunk> chunks =
                    state(
                            operator,
                            key,
                            new MapStateDescriptor<>(
                                    prefix + name,
                                    Types.INT,
                                    TypeInformation.of(SparseChunk.class)));
            for (Map.Entry<Integer, SparseChunk> chunk : chunks.entries()) {
                StateText.add(
                        "learn/" + key + "/" + prefix + name + "/" + chunk.getKey(),
                        chunk.getValue(),
                        values);
            }
        }
    }

    private static void addPending(
            String path, ExampleBlock pending, SortedMap<String, String> values) {
        values.put(path, pending == null ? "null" : pending.size() + " rows");
        if (pending == null) {
            return;
        }
        int numFeatures = pending.examples().numFeatures();
        int numTargets = pending.examples().numTargets();
        for (int row = 0; row < pending.size(); row++) {
            String at = path + "/" + row + "/";
            SparseRows sparse = pending.examples().sparse();
            float[] features = new float[sparse == null ? numFeatures : 0];
            if (sparse != null) {
                int from = sparse.start(row);
                int to = sparse.end(row);
                StateText.add(
                        at + "columns", Arrays.copyOfRange(sparse.columns(), from, to), values);
                features = Arrays.copyOfRange(sparse.values(), from, to);
            }
            float[] targets = new float[numTargets];
            if (sparse == null) {
                System.arraycopy(
                        pending.examples().features(), row * numFeatures, features, 0, numFeatures);
            }
            if (numTargets > 0) {
                System.arraycopy(
                        pending.examples().targets(), row * numTargets, targets, 0, numTargets);
            }
            StateText.add(at + "features", features, values);
            StateText.add(at + "targets", targets, values);
            StateText.add(at + "label", pending.examples().labels()[row], values);
            StateText.add(at + "weight", pending.examples().weights()[row], values);
            StateText.add(at + "id", pending.origins().id(row), values);
            StateText.add(at + "source", pending.origins().source(row), values);
            StateText.add(at + "offset", pending.origins().offset(row), values);
            StateText.add(at + "timestamp", pending.origins().timestamp(row), values);
        }
    }

    private static <T> T value(
            LiveStateOperator<?, ?, ?> operator, String key, String name, Class<T> type)
            throws Exception {
        ValueState<T> state =
                state(operator, key, new ValueStateDescriptor<>(name, TypeInformation.of(type)));
        return state.value();
    }

    private static <S extends State> S state(
            LiveStateOperator<?, ?, ?> operator, String key, StateDescriptor<S, ?> descriptor)
            throws Exception {
        operator.setCurrentKey(key);
        KeyedStateBackend<String> backend = operator.getKeyedStateBackend();
        return backend.getPartitionedState(
                VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    /** Adds an audit by the names of outcomes and reasons, to which later releases may add. */
    static void add(String path, Audit audit, SortedMap<String, String> values) {
        Audit all = audit.copy();
        for (EventOutcome outcome : EventOutcome.values()) {
            values.put(path + "/" + outcome + "/count", Long.toString(all.count(outcome)));
            values.put(path + "/" + outcome + "/digest", Long.toHexString(all.digest(outcome)));
        }
        for (IgnoredReason reason : IgnoredReason.values()) {
            values.put(path + "/" + reason, Long.toString(all.count(reason)));
        }
        for (DeadLetterReason reason : DeadLetterReason.values()) {
            values.put(path + "/" + reason, Long.toString(all.count(reason)));
        }
    }

    @Override
    public String toString() {
        return RELEASES.relativize(directory).toString();
    }
}
