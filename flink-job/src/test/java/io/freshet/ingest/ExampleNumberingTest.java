package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.LabelledEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExampleNumberingTest {
    private final List<OneInputStreamOperatorTestHarness<Example, RawMessage>> open =
            new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (OneInputStreamOperatorTestHarness<Example, RawMessage> harness : open) {
            harness.close();
        }
    }

    private OneInputStreamOperatorTestHarness<Example, RawMessage> harness(
            int subtasks, int subtask, OperatorSubtaskState state) throws Exception {
        OneInputStreamOperatorTestHarness<Example, RawMessage> harness =
                new OneInputStreamOperatorTestHarness<>(
                        new StreamMap<>(new ExampleNumbering()), 8, subtasks, subtask);
        open.add(harness);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        return harness;
    }

    /** Sends examples and returns the numbers that they get, as partition:offset. */
    private static List<String> send(
            OneInputStreamOperatorTestHarness<Example, RawMessage> harness, int count)
            throws Exception {
        int before = harness.extractOutputValues().size();
        for (int i = 0; i < count; i++) {
            harness.processElement(Example.of(i).build(), 0);
        }
        List<String> numbers = new ArrayList<>();
        for (RawMessage message : harness.extractOutputValues().subList(before, before + count)) {
            assertThat(message.topic()).isEqualTo("examples");
            numbers.add(message.partition() + ":" + message.offset());
        }
        return numbers;
    }

    @Test
    void restoredSubtasks_goOnWithTheirNumbers_whateverTheParallelism() throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        OneInputStreamOperatorTestHarness<Example, RawMessage> harness;
        for (int subtask = 0; subtask < 3; subtask++) {
            harness = harness(3, subtask, null);
            assertThat(send(harness, 2)).containsExactly(subtask + ":0", subtask + ":1");
            states.add(harness.snapshot(1, 1));
        }
        OperatorSubtaskState three =
                AbstractStreamOperatorTestHarness.repackageState(
                        states.toArray(new OperatorSubtaskState[0]));
        harness = harness(1, 0, part(three, 3, 1, 0));
        assertThat(send(harness, 3)).containsExactly("0:2", "0:3", "0:4");
        OperatorSubtaskState one = harness.snapshot(2, 2);
        harness = harness(2, 0, part(one, 1, 2, 0));
        assertThat(send(harness, 1)).containsExactly("0:5");
        harness = harness(2, 1, part(one, 1, 2, 1));
        assertThat(send(harness, 1)).containsExactly("1:2");
    }

    private static OperatorSubtaskState part(
            OperatorSubtaskState state, int before, int after, int subtask) {
        return AbstractStreamOperatorTestHarness.repartitionOperatorState(
                state, 8, before, after, subtask);
    }

    @Test
    void exampleOfASource_keepsItsPlace() throws Exception {
        OneInputStreamOperatorTestHarness<Example, RawMessage> harness = harness(1, 0, null);
        harness.processElement(Example.of(1).readFrom("orders", 7, 42).build(), 0);
        RawMessage message = harness.extractOutputValues().get(0);
        assertThat(message.topic()).isEqualTo("orders");
        assertThat(message.partition()).isEqualTo(7);
        assertThat(message.offset()).isEqualTo(42);
        assertThat(send(harness, 1)).containsExactly("0:0");
    }

    @Test
    void example_isTheEventThatItStandsFor() throws Exception {
        Example example =
                Example.named(Map.of("age", 31f), Map.of("city", "Oslo"))
                        .label("yes")
                        .model("m")
                        .id("i")
                        .timestamp(Instant.ofEpochMilli(5))
                        .weight(2)
                        .build();
        LabelledEvent event = LabelledEvent.getDecoder().decode(example.event());
        assertThat(event.getLabel()).isEqualTo("yes");
        assertThat(event.getModelId()).isEqualTo("m");
        assertThat(event.getId()).isEqualTo("i");
        assertThat(event.getTimestamp()).isEqualTo(Instant.ofEpochMilli(5));
        assertThat(event.getWeight()).isEqualTo(2);
        assertThat(LabelledEvent.getDecoder().decode(Example.of(1, 2).build().event()).getLabel())
                .isNull();
        assertThat(
                        LabelledEvent.getDecoder()
                                .decode(Example.of(1).targets(0.5f, 0.5f).build().event())
                                .getLabel())
                .isEqualTo(List.of(0.5f, 0.5f));
    }
}
