package io.freshet.local.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.AdjustableClock;
import io.freshet.local.MutatedEvents;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.SourcePosition;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DashboardDataTest {
    private static final long START = 1_700_000_000_000L;

    private final AdjustableClock clock = new AdjustableClock(START);
    private final DashboardData data = new DashboardData(clock);

    private JsonNode nextUpdate(StreamPosition position) throws IOException {
        byte[] update = data.nextUpdate(position);
        return update == null ? null : new ObjectMapper().readTree(update);
    }

    private void publish(String modelId, long sequence) {
        data.onMetrics(MinimalEvents.metrics(modelId, sequence, 0.25).build(), sequence * 1000);
    }

    private static List<Long> longs(JsonNode array) {
        List<Long> longs = new ArrayList<>();
        array.forEach(each -> longs.add(each.asLong()));
        return longs;
    }

    @Test
    void firstUpdate_isTheWholeHistory_laterOnesOnlyNewPoints_andNullWithoutNews()
            throws Exception {
        publish("m", 0);
        publish("m", 1);
        StreamPosition position = new StreamPosition("m");

        JsonNode first = nextUpdate(position).get("model");
        assertThat(first.get("full").asBoolean()).isTrue();
        assertThat(longs(first.at("/points/examples"))).containsExactly(100L, 200L);
        assertThat(first.at("/points/loss/1").asDouble()).isEqualTo(0.25);
        assertThat(first.at("/points/experts/weights/0/1").asDouble()).isEqualTo(1);
        assertThat(first.at("/latest/examplesSeen").asLong()).isEqualTo(200);
        assertThat(nextUpdate(position)).isNull();

        publish("m", 2);
        JsonNode next = nextUpdate(position).get("model");
        assertThat(next.get("full").asBoolean()).isFalse();
        assertThat(longs(next.at("/points/emittedAt"))).containsExactly(2000L);
        assertThat(next.has("alerts")).isFalse();
    }

    @Test
    void clientFarBehind_getsTheWholeHistory() throws Exception {
        publish("m", 0);
        StreamPosition position = new StreamPosition("m");
        nextUpdate(position);
        for (int i = 1; i <= ChartHistory.RECENT + 1; i++) {
            publish("m", i);
        }

        JsonNode model = nextUpdate(position).get("model");

        assertThat(model.get("full").asBoolean()).isTrue();
        assertThat(model.at("/points/examples")).hasSize(ChartHistory.RECENT + 2);
    }

    @Test
    void mutatedEvents_areAllWrittenAsJson() throws Exception {
        int count = 0;
        for (MetricsEvent event :
                MutatedEvents.of(MinimalEvents.metrics("m", 7, 0.5).build(), 1, 2_000)) {
            data.onMetrics(event, count++);
            assertThat(nextUpdate(new StreamPosition(event.getModelId()))).isNotNull();
        }
        for (DriftAlertEvent event : MutatedEvents.of(MinimalEvents.alert("m", 7, 800), 2, 500)) {
            data.onDriftAlert(event, count++);
            assertThat(nextUpdate(new StreamPosition(event.getModelId()))).isNotNull();
        }
        for (ModelSnapshotEvent event : MutatedEvents.of(MinimalEvents.snapshot("m", 7), 3, 500)) {
            data.onSnapshot(event, count++);
            assertThat(nextUpdate(new StreamPosition(event.getModelId()))).isNotNull();
        }
        assertThat(count).isGreaterThan(500);
    }

    @Test
    void recordWithRequiredFieldsOnly_isWritten() throws Exception {
        data.onMetrics(MinimalEvents.metrics("m", 0, null).setExperts(List.of()).build(), 5);

        JsonNode model = nextUpdate(new StreamPosition("m")).get("model");

        assertThat(model.at("/points/loss/0").isNull()).isTrue();
        assertThat(model.at("/points/throughput/0").isNull()).isTrue();
        assertThat(model.at("/points/experts/weights")).isEmpty();
        assertThat(model.at("/latest/confusion").isNull()).isTrue();
        assertThat(model.at("/latest/audit/accepted/digest").asText())
                .isEqualTo("ffffffffffffffff");
    }

    @Test
    void nonFiniteNumber_isNull() throws Exception {
        data.onMetrics(
                MinimalEvents.metrics("m", 0, Double.POSITIVE_INFINITY)
                        .setRunningLoss(Double.NaN)
                        .build(),
                5);

        JsonNode model = nextUpdate(new StreamPosition("m")).get("model");

        assertThat(model.at("/points/loss/0").isNull()).isTrue();
        assertThat(model.at("/latest/rolling/loss").isNull()).isTrue();
        assertThat(model.at("/latest/runningLoss").isNull()).isTrue();
    }

    @Test
    void rewoundJob_removesSupersededData() throws Exception {
        for (int i = 0; i < 10; i++) {
            publish("m", i);
        }
        data.onDriftAlert(MinimalEvents.alert("m", 0, 300), 2_500);
        data.onDriftAlert(MinimalEvents.alert("m", 1, 900), 8_500);
        data.onSnapshot(MinimalEvents.snapshot("m", 200), 2_000);
        data.onSnapshot(MinimalEvents.snapshot("m", 900), 8_900);
        StreamPosition position = new StreamPosition("m");
        nextUpdate(position);

        data.onMetrics(MinimalEvents.metrics("m", 5, 0.5).build(), 20_000);
        data.onDriftAlert(
                MinimalEvents.alert("m", 1, 900), 8_500); // emitted before the job was rewound
        JsonNode model = nextUpdate(position).get("model");

        assertThat(model.get("full").asBoolean()).isTrue();
        assertThat(longs(model.at("/points/examples")))
                .containsExactly(100L, 200L, 300L, 400L, 500L, 600L);
        assertThat(model.get("alerts")).hasSize(1);
        assertThat(model.at("/alerts/0/event/sequence").asLong()).isZero();
        assertThat(model.get("versions")).hasSize(1);
        data.onDriftAlert(MinimalEvents.alert("m", 1, 700), 21_000);
        assertThat(nextUpdate(position).at("/model/alerts")).hasSize(2);
    }

    @Test
    void recordOfAnOlderAttempt_isIgnored() throws Exception {
        data.onMetrics(MinimalEvents.metrics("m", 0, 0.1).setAttempt(1L).build(), 0);
        data.onMetrics(MinimalEvents.metrics("m", 1, 0.2).setAttempt(1L).build(), 1);
        data.onMetrics(MinimalEvents.metrics("m", 1, 0.3).setAttempt(2L).build(), 2);
        data.onMetrics(MinimalEvents.metrics("m", 1, 0.4).setAttempt(1L).build(), 3);

        JsonNode loss = nextUpdate(new StreamPosition("m")).at("/model/points/loss");

        assertThat(loss).extracting(JsonNode::asDouble).containsExactly(0.1, 0.3);
    }

    @Test
    void changedExperts_haveValuesOnlyFromTheChange() throws Exception {
        publish("m", 0);
        data.onMetrics(
                MinimalEvents.metrics("m", 1, 0.1)
                        .setExperts(
                                List.of(
                                        new Expert("rate 1", 1.0, 0.75, 0L, 1.25, -0.5, 0.5),
                                        new Expert("no-change", null, 0.25, 0L, null, null, null)))
                        .build(),
                1);

        JsonNode experts = nextUpdate(new StreamPosition("m")).at("/model/points/experts");
        JsonNode weights = experts.get("weights");

        assertThat(weights).hasSize(2);
        assertThat(weights.at("/0/0").isNull()).isTrue();
        assertThat(weights.at("/0/1").asDouble()).isEqualTo(0.75);
        assertThat(experts.at("/stackWeights/0/0").isNull()).isTrue();
        assertThat(experts.at("/stackWeights/0/1").asDouble()).isEqualTo(1.25);
        assertThat(experts.at("/expertLosses/0/1").asDouble()).isEqualTo(0.5);
        assertThat(experts.at("/expertLosses/1/1").isNull()).isTrue();
    }

    @Test
    void manyModels_areBounded_keepingTheMostRecentlyUpdated() throws Exception {
        for (int i = 0; i < DashboardData.MAX_MODELS + 3; i++) {
            publish("m" + i, 0);
            publish("first", i);
        }

        JsonNode news = nextUpdate(new StreamPosition("first"));

        assertThat(news.get("models")).hasSize(DashboardData.MAX_MODELS);
        assertThat(news.at("/feed/droppedModels").asLong()).isEqualTo(4);
        assertThat(news.at("/model/id").asText()).isEqualTo("first");
    }

    @Test
    void manyAlertsAndVersions_areBounded() throws Exception {
        for (int i = 0; i < 500; i++) {
            data.onDriftAlert(MinimalEvents.alert("m", i, i), i);
            data.onSnapshot(MinimalEvents.snapshot("m", i), i);
        }

        JsonNode model = nextUpdate(new StreamPosition("m")).get("model");

        assertThat(model.get("alerts")).hasSize(ModelData.MAX_ALERTS);
        assertThat(model.get("versions")).hasSize(ModelData.MAX_VERSIONS);
        assertThat(model.at("/versions/49/version").asLong()).isEqualTo(499);
    }

    @Test
    void unattributedDeadLetters_areNoModel() throws Exception {
        data.onMetrics(
                MinimalEvents.metrics("", 0, null)
                        .setDeadLettersByReason(Map.of("TRUNCATED", 3L))
                        .build(),
                0);

        JsonNode news = nextUpdate(new StreamPosition(null));

        assertThat(news.get("models")).isEmpty();
        assertThat(news.at("/unattributedDeadLetters/TRUNCATED").asLong()).isEqualTo(3);
    }

    @Test
    void clientWithoutSelection_getsTheFirstModel_andKeepsIt() throws Exception {
        StreamPosition position = new StreamPosition(null);
        assertThat(nextUpdate(position).get("modelId").isNull()).isTrue();
        publish("m", 0);
        assertThat(nextUpdate(position).at("/model/id").asText()).isEqualTo("m");
        publish("a", 0);
        assertThat(nextUpdate(position).get("modelId").asText()).isEqualTo("m");
    }

    @Test
    void clientOfAMissingModel_getsTheListOfModels() throws Exception {
        publish("m", 0);

        JsonNode news = nextUpdate(new StreamPosition("other"));

        assertThat(news.has("model")).isFalse();
        assertThat(news.at("/models/0/id").asText()).isEqualTo("m");
    }

    private JsonNode job(StreamPosition position) throws IOException {
        JsonNode update = nextUpdate(position);
        return update == null ? null : update.at("/feed/job");
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    void jobWithoutNewMetrics_turnsLateThenSilent_withoutAnyMessage_andBack() throws Exception {
        StreamPosition position = new StreamPosition("m");
        data.onMetrics(MinimalEvents.metrics("m", 0, 0.25).build(), START);
        data.onActivity(new JobActivity(OptionalLong.of(START), 20_000, SourcePosition.UNKNOWN));
        assertThat(job(position)).isEqualTo(json("{'state': 'live', 'text': 'Live'}"));
        clock.set(START + 60_000);
        assertThat(job(position)).isNull();

        clock.set(START + 61_000);
        assertThat(job(position))
                .isEqualTo(json("{'state': 'late', 'text': 'No update for 61 s'}"));
        clock.set(START + 24 * 60_000);
        assertThat(job(position))
                .isEqualTo(json("{'state': 'silent', 'text': 'No update for 24 min'}"));
        clock.set(START + 24 * 60_000 + 30_000);
        assertThat(job(position)).isNull();

        data.onActivity(
                new JobActivity(OptionalLong.of(clock.millis()), 20_000, SourcePosition.UNKNOWN));
        assertThat(job(position)).isEqualTo(json("{'state': 'live', 'text': 'Live'}"));
    }

    @Test
    void stoppedJob_staysStopped_untilLaterMetrics() throws Exception {
        StreamPosition position = new StreamPosition("m");
        data.stopped(START);
        data.onMetrics(MinimalEvents.metrics("m", 0, 0.25).build(), START - 5);
        data.onActivity(new JobActivity(OptionalLong.of(START + 20), 0, SourcePosition.UNKNOWN));
        clock.set(START + 180_000);

        assertThat(job(position))
                .isEqualTo(json("{'state': 'stopped', 'text': 'Stopped 3 min ago'}"));

        data.onMetrics(MinimalEvents.metrics("m", 1, 0.25).build(), START + 179_000);
        data.onActivity(
                new JobActivity(OptionalLong.of(START + 179_500), 0, SourcePosition.UNKNOWN));
        assertThat(job(position)).isEqualTo(json("{'state': 'live', 'text': 'Live'}"));
    }
}
