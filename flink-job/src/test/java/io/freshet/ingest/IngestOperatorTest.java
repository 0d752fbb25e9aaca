package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IngestOperatorTest {
    private OneInputStreamOperatorTestHarness<RawMessage, ExampleBlock> harness;

    @BeforeEach
    void open() throws Exception {
        open(Duration.ofMillis(200));
    }

    private void open(@Nullable Duration blockMaxWait) throws Exception {
        harness =
                new OneInputStreamOperatorTestHarness<>(
                        new IngestOperator(
                                new IngestConfig(
                                        1,
                                        List.of("0", "1"),
                                        4,
                                        blockMaxWait,
                                        Set.of(),
                                        LabelType.CLASS,
                                        null,
                                        SourceConfig.FRESHET,
                                        MissingValues.DEAD_LETTER),
                                text -> text));
        harness.setup(new ExampleBlockSerializer());
        harness.open();
        harness.setProcessingTime(1000);
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    private void send(long offset, String modelId) throws Exception {
        harness.processElement(
                Messages.message(offset, Messages.event(modelId, offset, 0, (float) offset)), 0);
    }

    private List<Integer> sizes() {
        return harness.extractOutputValues().stream().map(ExampleBlock::size).toList();
    }

    @Test
    void fullBlock_isEmitted() throws Exception {
        for (int i = 0; i < 9; i++) {
            send(i, "m");
        }

        assertThat(sizes()).containsExactly(4, 4);
        assertThat(harness.extractOutputValues().get(1).examples().features())
                .startsWith(4, 5, 6, 7);
    }

    @Test
    void deadLetters_countTowardsTheBlockSize() throws Exception {
        for (int i = 0; i < 4; i++) {
            harness.processElement(Messages.message(i, new byte[0]), 0);
        }

        assertThat(sizes()).containsExactly(0);
        assertThat(harness.extractOutputValues().get(0).audit().count(DeadLetterReason.EMPTY_VALUE))
                .isEqualTo(4);
        assertThat(harness.getSideOutput(IngestOperator.DEAD_LETTERS)).hasSize(4);
    }

    @Test
    void incompleteBlock_isEmittedAfterItsMaximumWait_notBefore() throws Exception {
        send(0, "a");
        harness.setProcessingTime(1100);
        send(1, "b");
        harness.setProcessingTime(1199);
        assertThat(sizes()).isEmpty();

        harness.setProcessingTime(1200);
        assertThat(harness.extractOutputValues())
                .extracting(ExampleBlock::modelId)
                .containsExactly("a");

        harness.setProcessingTime(1300);
        assertThat(harness.extractOutputValues())
                .extracting(ExampleBlock::modelId)
                .containsExactly("a", "b");
    }

    @Test
    void incompleteBlockWithoutAMaximumWait_waitsForABarrier() throws Exception {
        harness.close();
        open(null);
        send(0, "a");
        harness.setProcessingTime(1_000_000_000);
        assertThat(sizes()).isEmpty();

        harness.getOneInputOperator().prepareSnapshotPreBarrier(1);
        assertThat(sizes()).containsExactly(1);
    }

    @Test
    void everyBlock_isEmittedBeforeABarrier() throws Exception {
        send(0, "a");
        send(1, "b");

        harness.getOneInputOperator().prepareSnapshotPreBarrier(1);

        assertThat(sizes()).containsExactly(1, 1);
    }

    @Test
    void everyBlock_isEmittedAtTheEndOfInput() throws Exception {
        send(0, "a");

        harness.endInput();

        assertThat(sizes()).containsExactly(1);
    }
}
