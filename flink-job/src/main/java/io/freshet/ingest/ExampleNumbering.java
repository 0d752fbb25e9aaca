package io.freshet.ingest;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;

/**
 * Function that gives each {@link Example} without an offset one: the subtask is its partition of
 * the topic {@value #TOPIC}, and its number there is its offset.
 *
 * <p>The next numbers are in operator state, so that a source that repeats examples after a failure
 * repeats their numbers. If the parallelism becomes smaller, the first subtask keeps the numbers of
 * those that are gone, so that none is given twice if it becomes larger again.
 */
public final class ExampleNumbering extends RichMapFunction<Example, RawMessage>
        implements CheckpointedFunction {
    private static final long serialVersionUID = 1;

    /** Topic of examples that the pipeline numbers. */
    public static final String TOPIC = "examples";

    private static final String[] NO_KEYS = {};
    private static final byte[][] NO_VALUES = {};

    /**
     * The next offset of a partition.
     *
     * @param partition the partition
     * @param offset its next offset
     */
    public record NextOffset(int partition, long offset) {}

    private transient ListState<NextOffset> state;
    private transient List<NextOffset> ofOthers;
    private transient int subtask;
    private transient long next;

    @SuppressWarnings("NullAway.Init") // transient fields are set in initializeState()
    public ExampleNumbering() {}

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        state =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>(
                                        "next-offsets", TypeInformation.of(NextOffset.class)));
        subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
        ofOthers = new ArrayList<>();
        next = 0;
        for (NextOffset saved : state.get()) {
            if (saved.partition() == subtask) {
                next = saved.offset();
            } else if (subtask == 0 && saved.partition() >= subtasks) {
                ofOthers.add(saved);
            }
        }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        List<NextOffset> offsets = new ArrayList<>(ofOthers);
        offsets.add(new NextOffset(subtask, next));
        state.update(offsets);
    }

    @Override
    public RawMessage map(Example example) {
        String topic = example.topic();
        return new RawMessage(
                topic == null ? TOPIC : topic,
                topic == null ? subtask : example.partition(),
                topic == null ? next++ : example.offset(),
                0,
                null,
                example.event(),
                NO_KEYS,
                NO_VALUES);
    }
}
