package io.freshet.learn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.StateMigrationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keyed operator that holds an object per key in memory and uses Flink's keyed state only to
 * restore the objects.
 *
 * <p>The objects that changed are written to state before the barrier of a checkpoint. When a
 * further object would exceed {@code maxLive}, the least recently used one is evicted: written to
 * state and removed from memory. At the end of input every key is processed once more, including
 * those that are in state only.
 *
 * <p>Objects are also evicted when the heap is full: if a key is loaded while more than {@value
 * #FULL} of the old generation was in use after its last collection, a full collection is
 * requested. If that confirms the usage, the less recently used half of the objects is evicted. If
 * that frees almost nothing twice in a row, as it may where Flink's state is in the heap too, and
 * this operator takes a large part of the heap, the job fails.
 *
 * <p>Values written to state must be newly created: the heap state backend keeps the reference and
 * serialises it later, while the object continues to change.
 *
 * @param <T> type of the object of a key
 */
public abstract class LiveStateOperator<T extends AutoCloseable, IN, OUT>
        extends AbstractStreamOperator<OUT>
        implements OneInputStreamOperator<IN, OUT>, BoundedOneInput {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(LiveStateOperator.class);

    /** Fraction of the old generation in use after a collection at which the heap is full. */
    private static final double FULL = 0.85;

    /** Fraction of the old generation that an eviction must free to be effective. */
    private static final double MIN_FREED = 0.02;

    /** Fraction of the heap that this operator must hold to be the cause of a full heap. */
    private static final double MIN_HELD = 0.25;

    /** Minimum number of keys loaded after an eviction before the heap is checked again. */
    private static final int MIN_LOADS_BETWEEN_CHECKS = 16;

    private final int maxLive;
    private final ModelCost cost;
    private transient LinkedHashMap<String, T> live;
    private transient HeapUsage heap;
    private transient boolean lastEvictionFreedTooLittle;
    private transient int loadsUntilNextCheck;
    private transient long numEvicted;

    /**
     * @param maxLive maximum number of objects in memory, at least 1
     * @param cost memory of one object
     */
    @SuppressWarnings("NullAway.Init") // transient fields are set in open()
    protected LiveStateOperator(int maxLive, ModelCost cost) {
        this.maxLive = maxLive;
        this.cost = cost;
    }

    /** Returns the memory that one object takes. */
    protected final ModelCost cost() {
        return cost;
    }

    /** Creates the current key's object from its state, or a new one if there is none. */
    protected abstract T load(String key) throws Exception;

    /** Emits pending output of the current key and writes its object to state if it changed. */
    protected abstract void save(T object) throws Exception;

    /** Processes one element of the current key. */
    protected abstract void process(T object, IN element) throws Exception;

    /** Processes the end of input for the current key. */
    protected abstract void finish(T object) throws Exception;

    /** Returns the name of a state that every saved key has. */
    protected abstract String commonStateName();

    /** Registers the keyed states with Flink. */
    protected abstract void openState(KeyedStateStore store);

    @Override
    public final void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        try {
            openState(context.getKeyedStateStore());
        } catch (RuntimeException e) {
            Optional<StateMigrationException> incompatible =
                    ExceptionUtils.findThrowable(e, StateMigrationException.class);
            if (incompatible.isEmpty()) {
                throw e;
            }
            // A restart would find the same state.
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            "The state was written by an incompatible version of the job: "
                                    + incompatible.get().getMessage(),
                            e));
        }
    }

    @Override
    public void open() throws Exception {
        super.open();
        live = new LinkedHashMap<>(16, 0.75f, true);
        heap = new HeapUsage();
    }

    @Override
    public void processElement(StreamRecord<IN> element) throws Exception {
        process(live((String) getCurrentKey()), element.getValue());
    }

    /**
     * Returns the object of a key. If it is in state only, loads it, after which the key is
     * current.
     */
    protected final T live(String key) throws Exception {
        T object = live.get(key);
        if (object == null) {
            if (live.size() >= maxLive) {
                evictLeastRecentlyUsed();
            }
            makeRoomInHeap();
            setCurrentKey(key);
            object = load(key);
            live.put(key, object);
        }
        return object;
    }

    private void makeRoomInHeap() throws Exception {
        if (loadsUntilNextCheck > 0) {
            loadsUntilNextCheck--;
            return;
        }
        if (heap.afterLastCollection() < FULL) {
            return;
        }
        OptionalDouble used = heap.afterCollection();
        if (used.isEmpty() || used.getAsDouble() < FULL) {
            return;
        }
        String full = cost.heapIsFull(live.size(), maxLive, HeapUsage.maxBytes());
        int evicted = live.size() - live.size() / 2;
        for (int i = 0; i < evicted; i++) {
            evictLeastRecentlyUsed();
        }
        double remaining = heap.afterCollection().orElse(0);
        boolean freedTooLittle = used.getAsDouble() - remaining < MIN_FREED;
        if (freedTooLittle && lastEvictionFreedTooLittle && holdsMuchOfHeap()) {
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            full
                                    + ", and evicting models frees too little: "
                                    + ModelCost.remedy()));
        }
        lastEvictionFreedTooLittle = freedTooLittle;
        loadsUntilNextCheck = Math.max(MIN_LOADS_BETWEEN_CHECKS, evicted / 8);
        LOG.warn(
                "{}: {} of them were written to state, which leaves {} % of the heap in use; {}",
                full, evicted, Math.round(100 * remaining), ModelCost.remedy());
    }

    /**
     * Returns whether the objects of this operator, in memory and possibly as state in the heap,
     * can have filled the heap.
     */
    private boolean holdsMuchOfHeap() {
        double held = (double) cost.heapBytes() * (live.size() + numEvicted);
        return held > MIN_HELD * HeapUsage.maxBytes();
    }

    private void evictLeastRecentlyUsed() throws Exception {
        Map.Entry<String, T> eldest = live.entrySet().iterator().next();
        setCurrentKey(eldest.getKey());
        save(eldest.getValue());
        live.remove(eldest.getKey());
        eldest.getValue().close();
        numEvicted++;
    }

    /** Returns the objects in memory, for use without their state. */
    protected final Iterable<T> liveObjects() {
        return live.values();
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        saveAll();
    }

    private void saveAll() throws Exception {
        for (Map.Entry<String, T> entry : live.entrySet()) {
            setCurrentKey(entry.getKey());
            save(entry.getValue());
        }
    }

    @Override
    public void endInput() throws Exception {
        // All objects are then in state, so the keys can be processed one by one, however many
        // there are.
        saveAll();
        for (String key : savedKeys()) {
            setCurrentKey(key);
            finish(live(key));
        }
    }

    /** Returns the keys that are in state, sorted; the current key is then undefined. */
    protected final List<String> savedKeys() {
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        try (var stream = backend.getKeys(commonStateName(), VoidNamespace.INSTANCE)) {
            return stream.sorted().toList();
        }
    }

    /** Returns the number of objects in memory. */
    protected final int numLive() {
        return live.size();
    }

    /** Returns whether the object of a key is in memory. */
    protected final boolean isLive(String key) {
        return live.containsKey(key);
    }

    /** Returns whether an object is still the one in memory for a key. */
    protected final boolean isLive(String key, T object) {
        return live.get(key) == object;
    }

    @Override
    public void close() throws Exception {
        if (live != null) {
            for (T object : live.values()) {
                object.close();
            }
            live.clear();
        }
        super.close();
    }
}
