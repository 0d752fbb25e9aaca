package io.freshet.ingest;

import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.SchemaRegistry;
import java.time.Duration;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.apache.flink.util.function.SerializableFunction;
import org.jspecify.annotations.Nullable;

/**
 * Operator that decodes and validates events and packs them into blocks, one open block per model.
 *
 * <p>A block is emitted when it has {@code block.size} events, when its first event has waited for
 * {@code block.max-wait}, if set, before a checkpoint barrier and at the end of input. The operator
 * therefore has no state: at a checkpoint it has emitted everything up to the source's offsets, and
 * after a failure the source repeats only what the checkpoint does not contain.
 *
 * <p>Emitted blocks are reused: an operator chained to this one must not keep them.
 */
public final class IngestOperator extends AbstractStreamOperator<ExampleBlock>
        implements OneInputStreamOperator<RawMessage, ExampleBlock>, BoundedOneInput {
    private static final long serialVersionUID = 1;

    /** Maximum number of open blocks; when it is exceeded, the oldest one is emitted. */
    private static final int MAX_OPEN_BLOCKS = 1024;

    /** Side output of the events that could not be used. */
    public static final OutputTag<DeadLetter> DEAD_LETTERS =
            new OutputTag<>("dead-letters") {
                private static final long serialVersionUID = 1;
            };

    private final IngestConfig ingestConfig;
    private final SerializableFunction<String, String> secrets;

    private transient @Nullable SchemaRegistry registry;
    private transient ExamplePacker packer;
    private transient StreamRecord<ExampleBlock> blockRecord;
    private transient boolean timerSet;

    /**
     * @param secrets function that replaces references to secrets in a text by what they refer to
     */
    @SuppressWarnings("NullAway.Init") // transient fields are set in open()
    public IngestOperator(IngestConfig ingestConfig, SerializableFunction<String, String> secrets) {
        this.ingestConfig = ingestConfig;
        this.secrets = secrets;
    }

    @Override
    public void open() throws Exception {
        super.open();
        RegistryConfig registryConfig = ingestConfig.source().registry();
        if (registryConfig != null) {
            RegistryHealth health = new RegistryHealth();
            health.addGauges(getMetricGroup().addGroup("freshet"));
            registry = new SchemaRegistry(registryConfig, secrets::apply, health);
        }
        packer =
                new ExamplePacker(
                        ingestConfig,
                        registry,
                        letter -> output.collect(DEAD_LETTERS, new StreamRecord<>(letter)));
        blockRecord = new StreamRecord<>(ExampleBlock.placeholder());
    }

    @Override
    public void processElement(StreamRecord<RawMessage> element) {
        ExampleBlock block = packer.pack(element.getValue());
        if (block.size() + block.audit().total() >= ingestConfig.blockSize()) {
            flush(block);
        } else if (block.waitingSince() == ExampleBlock.NOT_WAITING) {
            startWaiting(block);
        }
    }

    private void startWaiting(ExampleBlock block) {
        block.waitSince(getProcessingTimeService().getCurrentProcessingTime());
        if (packer.openBlocks() > MAX_OPEN_BLOCKS) {
            flush(packer.oldestBlock());
        }
        Duration maxWait = ingestConfig.blockMaxWait();
        if (maxWait != null && !timerSet) {
            setTimer(block.waitingSince() + maxWait.toMillis(), maxWait);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // an exception in a timer fails the task
    private void setTimer(long time, Duration maxWait) {
        timerSet = true;
        getProcessingTimeService().registerTimer(time, now -> flushExpired(now, maxWait));
    }

    private void flushExpired(long now, Duration maxWait) {
        timerSet = false;
        while (packer.openBlocks() > 0) {
            ExampleBlock block = packer.oldestBlock();
            long expiry = block.waitingSince() + maxWait.toMillis();
            if (expiry > now) {
                setTimer(expiry, maxWait);
                return;
            }
            flush(block);
        }
    }

    private void flush(ExampleBlock block) {
        output.collect(blockRecord.replace(block));
        packer.recycle(block);
    }

    private void flushAll() {
        while (packer.openBlocks() > 0) {
            flush(packer.oldestBlock());
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        flushAll();
    }

    @Override
    public void close() throws Exception {
        if (registry != null) {
            registry.close();
        }
        super.close();
    }

    @Override
    public void endInput() {
        flushAll();
    }
}
