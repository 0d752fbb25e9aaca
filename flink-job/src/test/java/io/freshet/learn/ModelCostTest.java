package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.Test;

class ModelCostTest {
    private static final long MIB = 1 << 20;
    private static final ModelCost COST = new ModelCost(64 << 10, 16 << 10);

    @Test
    void modelsThatFit_giveNoWarning() {
        // Three quarters of 400 MiB are 4,800 times 64 KiB.
        assertThat(COST.shortage(4_800, 1, 400 * MIB, 400 * MIB)).isEmpty();
        assertThat(COST.shortage(2_400, 2, 400 * MIB, 400 * MIB)).isEmpty();
    }

    @Test
    void defaultModels_fitIntoASmallTaskManager() {
        LearnConfig config = LearnerTest.config(1);

        assertThat(ModelCost.of(config).shortage(1000, 1, 384 * MIB, 384 * MIB)).isEmpty();
    }

    @Test
    void modelsThatDoNotFitIntoTheHeap_giveAWarningWithNumbersAndARemedy() {
        assertThat(COST.shortage(200_000, 2, 400 * MIB, 0))
                .hasValue(
                        "models.max = 200000 models do not fit into this process: a model takes up"
                            + " to 64 KiB of the heap; in its 400 MiB, shared by 2 subtasks, there"
                            + " is room for about 2400 models per subtask. If that many are in"
                            + " memory at once, models are evicted earlier, and the job fails if"
                            + " that frees too little; lower models.max, give the process more"
                            + " heap, keep state out of it (flink.state.backend.type = rocksdb), or"
                            + " raise job.parallelism over more processes");
    }

    @Test
    void modelsThatDoNotFitOutsideTheHeap_giveAWarningThatNamesTheLimit() {
        assertThat(COST.shortage(10_000, 1, 4_000 * MIB, 100 * MIB).orElseThrow())
                .contains("16 KiB outside the heap")
                .contains("100 MiB that -Dorg.bytedeco.javacpp.maxphysicalbytes leaves")
                .contains("room for about 6400 models");
    }

    @Test
    void modelLargerThanTheHeap_isRefused() {
        assertThatCode(() -> COST.requireRoomForOne(MIB)).doesNotThrowAnyException();
        assertThatThrownBy(() -> new ModelCost(3 * MIB, 0).requireRoomForOne(2 * MIB))
                .isInstanceOf(SuppressRestartsException.class)
                .cause()
                .hasMessageContaining(
                        "one model takes up to 3072 KiB of the heap, which has 2 MiB");
    }
}
