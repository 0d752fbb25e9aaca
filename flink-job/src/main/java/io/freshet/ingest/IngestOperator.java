package io.freshet.ingest;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/**
 * Decodes and validates messages and packs them into one block a model.
 *
 * <p>A block is handed on when it has {@code block.size} messages, when its first one has waited
 * for {@code block.max-wait}, before a checkpoint's barrier and at the end of input. So this
 * operator has no state: every offset that a checkpoint covers has left it, and a failure repeats
 * from the source's offsets only what the checkpoint does not hold.
 *
 * <p>Blocks are filled again once they have been handed on: chain nothing to this operator that
 * keeps them.
 */
public final class IngestOperator extends AbstractStreamOperator<ExampleBlock>
        implements OneInputStreamOperator<RawMessage, ExampleBlock>, BoundedOneInput {
    private static final long serialVersionUID = 1;

    /** Models whose blocks are kept open at once; beyond it the longest open one is handed on. */
    private static final int MAX_OPEN_BLOCKS = 1024;

    /** Where messages go that could not be used. */
    public static final OutputTag<DeadLetter> DEAD_LETTERS =
            new OutputTag<>("dead-letters") {
                private static final long serialVersionUID = 1;
            };

    private final IngestConfig ingestConfig;

    private transient ExamplePacker packer;
    private transient StreamRecord<ExampleBlock> blockRecord;
    private transient boolean timerSet;

    @SuppressWarnings("NullAway.Init") // transient fields are set in open()
    public IngestOperator(IngestConfig ingestConfig) {
        this.ingestConfig = ingestConfig;
    }

    @Override
    public void open() throws Exception {
        super.open();
        packer =
                new ExamplePacker(
                        ingestConfig,
                        letter -> output.collect(DEAD_LETTERS, new StreamRecord<>(letter)));
        blockRecord = new StreamRecord<>(ExampleBlock.placeholder());
    }

    @Override
    public void processElement(StreamRecord<RawMessage> element) {
        ExampleBlock block = packer.pack(element.getValue());
        if (block.size() + block.audit().total() >= ingestConfig.blockSize()) {
            handOn(block);
        } else if (block.waitingSince() == ExampleBlock.NOT_WAITING) {
            startWaiting(block);
        }
    }

    private void startWaiting(ExampleBlock block) {
        block.waitSince(getProcessingTimeService().getCurrentProcessingTime());
        if (packer.openBlocks() > MAX_OPEN_BLOCKS) {
            handOn(packer.longestOpen());
        }
        if (!timerSet) {
            setTimer(block.waitingSince());
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what a timer throws fails the task
    private void setTimer(long waitingSince) {
        timerSet = true;
        getProcessingTimeService()
                .registerTimer(
                        waitingSince + ingestConfig.blockMaxWait().toMillis(),
                        this::handOnThoseThatWaitedLongEnough);
    }

    private void handOnThoseThatWaitedLongEnough(long now) {
        timerSet = false;
        while (packer.openBlocks() > 0) {
            ExampleBlock block = packer.longestOpen();
            if (block.waitingSince() + ingestConfig.blockMaxWait().toMillis() > now) {
                setTimer(block.waitingSince());
                return;
            }
            handOn(block);
        }
    }

    private void handOn(ExampleBlock block) {
        output.collect(blockRecord.replace(block));
        packer.close(block);
    }

    private void handOnAll() {
        while (packer.openBlocks() > 0) {
            handOn(packer.longestOpen());
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        handOnAll();
    }

    @Override
    public void endInput() {
        handOnAll();
    }
}
