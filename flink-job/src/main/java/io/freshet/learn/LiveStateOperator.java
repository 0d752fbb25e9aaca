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
 * Keeps one live object a key, and Flink's keyed state only as what it is restored from.
 *
 * <p>State is written before a checkpoint's barrier, for the keys that changed since the last one,
 * and when more than {@code maxLive} keys live and the least recently used has to make room. At the
 * end of input every key is visited once more, those in state only included.
 *
 * <p>Keys are also evicted where the heap is full: when a key is loaded and more than {@value
 * #FULL} of the old generation was in use after its last collection, a full collection is
 * requested. If that confirms it, the less recently used half of the keys is written to state. If
 * that frees next to nothing twice in a row, as it may where state is in the heap too, and this
 * operator's keys make up much of the heap, the job ends.
 *
 * <p>What is written to state must be new: the heap backend keeps the reference and writes it out
 * later, while the live object goes on.
 *
 * @param <T> the live object of a key
 */
public abstract class LiveStateOperator<T extends AutoCloseable, IN, OUT>
        extends AbstractStreamOperator<OUT>
        implements OneInputStreamOperator<IN, OUT>, BoundedOneInput {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(LiveStateOperator.class);

    /** Share of the old generation in use, after a collection, from which on the heap is full. */
    private static final double FULL = 0.85;

    /** Share of the old generation that an eviction has to free. */
    private static final double WORTH_EVICTING = 0.02;

    /** Share of the heap that this operator's keys have to make up before they are to blame. */
    private static final double OURS = 0.25;

    /** Keys that are loaded after an eviction before the heap is looked at again. */
    private static final int MIN_LOADS_BETWEEN_LOOKS = 16;

    private final int maxLive;
    private final ModelCost cost;
    private transient LinkedHashMap<String, T> live;
    private transient HeapUsage heap;
    private transient boolean lastEvictionFreedTooLittle;
    private transient int loadsUntilNextLook;
    private transient long numEvicted;

    /**
     * @param maxLive keys that live at once, at least 1
     * @param cost of one live object, for people to read
     */
    @SuppressWarnings("NullAway.Init") // transient fields are set in open()
    protected LiveStateOperator(int maxLive, ModelCost cost) {
        this.maxLive = maxLive;
        this.cost = cost;
    }

    /** Memory that one live object takes. */
    protected final ModelCost cost() {
        return cost;
    }

    /** Builds the current key's object from its state, or anew. */
    protected abstract T load(String key) throws Exception;

    /** Publishes what must not wait longer, and writes the current key's state if it changed. */
    protected abstract void save(T object) throws Exception;

    /** Takes one element of the current key. */
    protected abstract void process(T object, IN element) throws Exception;

    /** Brings the current key to its end, since no element will follow. */
    protected abstract void finish(T object) throws Exception;

    /** Name of a state that every key has once it was saved. */
    protected abstract String nameOfStateOfEveryKey();

    /** Registers the states of a key with Flink. */
    protected abstract void openState(KeyedStateStore store);

    @Override
    public final void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        try {
            openState(context.getKeyedStateStore());
        } catch (RuntimeException e) {
            Optional<StateMigrationException> unfit =
                    ExceptionUtils.findThrowable(e, StateMigrationException.class);
            if (unfit.isEmpty()) {
                throw e;
            }
            // Starting again would find the same state.
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            "The state is of a version of the job that this one cannot read: "
                                    + unfit.get().getMessage(),
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

    /** The object of a key, which is made the current one. */
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
        if (loadsUntilNextLook > 0) {
            loadsUntilNextLook--;
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
        double left = heap.afterCollection().orElse(0);
        boolean freedTooLittle = used.getAsDouble() - left < WORTH_EVICTING;
        if (freedTooLittle && lastEvictionFreedTooLittle && isMostlyOurs()) {
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            full
                                    + ", and evicting models frees too little: "
                                    + ModelCost.remedy()));
        }
        lastEvictionFreedTooLittle = freedTooLittle;
        loadsUntilNextLook = Math.max(MIN_LOADS_BETWEEN_LOOKS, evicted / 8);
        LOG.warn(
                "{}: {} of them were written to state, which leaves {} % of it in use; {}",
                full, evicted, Math.round(100 * left), ModelCost.remedy());
    }

    /**
     * Whether what this operator holds, live and perhaps as state in the heap, can have filled it.
     */
    private boolean isMostlyOurs() {
        double held = (double) cost.heapBytes() * (live.size() + numEvicted);
        return held > OURS * HeapUsage.maxBytes();
    }

    private void evictLeastRecentlyUsed() throws Exception {
        Map.Entry<String, T> eldest = live.entrySet().iterator().next();
        setCurrentKey(eldest.getKey());
        save(eldest.getValue());
        live.remove(eldest.getKey());
        eldest.getValue().close();
        numEvicted++;
    }

    /** The objects that live now, for work that needs no state. */
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
        // All are in state after this, and can be visited one by one, however many may live.
        saveAll();
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        List<String> keys;
        try (var stream = backend.getKeys(nameOfStateOfEveryKey(), VoidNamespace.INSTANCE)) {
            keys = stream.sorted().toList();
        }
        for (String key : keys) {
            setCurrentKey(key);
            finish(live(key));
        }
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
