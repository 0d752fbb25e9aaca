package io.freshet.local.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.Mutants;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FiguresTest {
    private final Figures figures = new Figures();

    private JsonNode news(Cursor cursor) throws IOException {
        byte[] news = figures.news(cursor);
        return news == null ? null : new ObjectMapper().readTree(news);
    }

    private void tell(String modelId, long sequence) {
        figures.metrics(Told.metrics(modelId, sequence, 0.25).build(), sequence * 1000);
    }

    private static List<Long> longs(JsonNode array) {
        List<Long> longs = new ArrayList<>();
        array.forEach(each -> longs.add(each.asLong()));
        return longs;
    }

    @Test
    void firstNews_isTheWholeHistory_laterWhatIsNew_andNothingIfNothingIs() throws Exception {
        tell("m", 0);
        tell("m", 1);
        Cursor cursor = new Cursor("m");

        JsonNode first = news(cursor).get("model");
        assertThat(first.get("whole").asBoolean()).isTrue();
        assertThat(longs(first.at("/points/examples"))).containsExactly(100L, 200L);
        assertThat(first.at("/points/loss/1").asDouble()).isEqualTo(0.25);
        assertThat(first.at("/points/weights/0/1").asDouble()).isEqualTo(1);
        assertThat(first.at("/latest/examplesSeen").asLong()).isEqualTo(200);
        assertThat(news(cursor)).isNull();

        tell("m", 2);
        JsonNode next = news(cursor).get("model");
        assertThat(next.get("whole").asBoolean()).isFalse();
        assertThat(longs(next.at("/points/told"))).containsExactly(2000L);
        assertThat(next.has("alerts")).isFalse();
    }

    @Test
    void readerThatComesBackAfterALongTime_getsTheWholeHistory() throws Exception {
        tell("m", 0);
        Cursor cursor = new Cursor("m");
        news(cursor);
        for (int i = 1; i <= History.RECENT + 1; i++) {
            tell("m", i);
        }

        JsonNode model = news(cursor).get("model");

        assertThat(model.get("whole").asBoolean()).isTrue();
        assertThat(model.at("/points/examples")).hasSize(History.RECENT + 2);
    }

    @Test
    void eventsOfChangedRecords_areAllTold_asJson() throws Exception {
        int told = 0;
        for (MetricsEvent event : Mutants.of(Told.metrics("m", 7, 0.5).build(), 1, 2_000)) {
            figures.metrics(event, told++);
            assertThat(news(new Cursor(event.getModelId()))).isNotNull();
        }
        for (DriftAlertEvent event : Mutants.of(Told.alert("m", 7, 800), 2, 500)) {
            figures.driftAlert(event, told++);
            assertThat(news(new Cursor(event.getModelId()))).isNotNull();
        }
        for (ModelSnapshotEvent event : Mutants.of(Told.snapshot("m", 7), 3, 500)) {
            figures.snapshot(event, told++);
            assertThat(news(new Cursor(event.getModelId()))).isNotNull();
        }
        assertThat(told).isGreaterThan(500);
    }

    @Test
    void recordWithNothingButWhatItMustHave_isTold() throws Exception {
        figures.metrics(Told.metrics("m", 0, null).setExperts(List.of()).build(), 5);

        JsonNode model = news(new Cursor("m")).get("model");

        assertThat(model.at("/points/loss/0").isNull()).isTrue();
        assertThat(model.at("/points/throughput/0").isNull()).isTrue();
        assertThat(model.at("/points/weights")).isEmpty();
        assertThat(model.at("/latest/confusion").isNull()).isTrue();
        assertThat(model.at("/latest/audit/accepted/digest").asText())
                .isEqualTo("ffffffffffffffff");
    }

    @Test
    void numberThatJsonCannotSay_isNull() throws Exception {
        figures.metrics(
                Told.metrics("m", 0, Double.POSITIVE_INFINITY).setRunningLoss(Double.NaN).build(),
                5);

        JsonNode model = news(new Cursor("m")).get("model");

        assertThat(model.at("/points/loss/0").isNull()).isTrue();
        assertThat(model.at("/latest/rolling/loss").isNull()).isTrue();
        assertThat(model.at("/latest/runningLoss").isNull()).isTrue();
    }

    @Test
    void jobThatGoesBack_takesWithItWhatDidNotHappen() throws Exception {
        for (int i = 0; i < 10; i++) {
            tell("m", i);
        }
        figures.driftAlert(Told.alert("m", 0, 300), 2_500);
        figures.driftAlert(Told.alert("m", 1, 900), 8_500);
        figures.snapshot(Told.snapshot("m", 200), 2_000);
        figures.snapshot(Told.snapshot("m", 900), 8_900);
        Cursor cursor = new Cursor("m");
        news(cursor);

        figures.metrics(Told.metrics("m", 5, 0.5).build(), 20_000);
        figures.driftAlert(Told.alert("m", 1, 900), 8_500); // told before the job went back
        JsonNode model = news(cursor).get("model");

        assertThat(model.get("whole").asBoolean()).isTrue();
        assertThat(longs(model.at("/points/examples")))
                .containsExactly(100L, 200L, 300L, 400L, 500L, 600L);
        assertThat(model.get("alerts")).hasSize(1);
        assertThat(model.at("/alerts/0/event/sequence").asLong()).isZero();
        assertThat(model.get("versions")).hasSize(1);
        figures.driftAlert(Told.alert("m", 1, 700), 21_000);
        assertThat(news(cursor).at("/model/alerts")).hasSize(2);
    }

    @Test
    void recordOfAnOlderAttempt_isPassedOver() throws Exception {
        figures.metrics(Told.metrics("m", 0, 0.1).setAttempt(1L).build(), 0);
        figures.metrics(Told.metrics("m", 1, 0.2).setAttempt(1L).build(), 1);
        figures.metrics(Told.metrics("m", 1, 0.3).setAttempt(2L).build(), 2);
        figures.metrics(Told.metrics("m", 1, 0.4).setAttempt(1L).build(), 3);

        JsonNode loss = news(new Cursor("m")).at("/model/points/loss");

        assertThat(loss).extracting(JsonNode::asDouble).containsExactly(0.1, 0.3);
    }

    @Test
    void mixtureWithOtherMembers_hasWeightsFromThereOn() throws Exception {
        tell("m", 0);
        figures.metrics(
                Told.metrics("m", 1, 0.1)
                        .setExperts(
                                List.of(
                                        new Expert("rate 1", 1.0, 0.75, 0L),
                                        new Expert("no-change", null, 0.25, 0L)))
                        .build(),
                1);

        JsonNode weights = news(new Cursor("m")).at("/model/points/weights");

        assertThat(weights).hasSize(2);
        assertThat(weights.at("/0/0").isNull()).isTrue();
        assertThat(weights.at("/0/1").asDouble()).isEqualTo(0.75);
    }

    @Test
    void manyModels_areBounded_byWhenTheyWereToldOf() throws Exception {
        for (int i = 0; i < Figures.MOST_MODELS + 3; i++) {
            tell("m" + i, 0);
            tell("first", i);
        }

        JsonNode news = news(new Cursor("first"));

        assertThat(news.get("models")).hasSize(Figures.MOST_MODELS);
        assertThat(news.at("/feed/forgottenModels").asLong()).isEqualTo(4);
        assertThat(news.at("/model/id").asText()).isEqualTo("first");
    }

    @Test
    void manyAlertsAndVersions_areBounded() throws Exception {
        for (int i = 0; i < 500; i++) {
            figures.driftAlert(Told.alert("m", i, i), i);
            figures.snapshot(Told.snapshot("m", i), i);
        }

        JsonNode model = news(new Cursor("m")).get("model");

        assertThat(model.get("alerts")).hasSize(ModelFigures.MOST_ALERTS);
        assertThat(model.get("versions")).hasSize(ModelFigures.MOST_VERSIONS);
        assertThat(model.at("/versions/49/version").asLong()).isEqualTo(499);
    }

    @Test
    void deadLettersOfNoModel_areNoModel() throws Exception {
        figures.metrics(
                Told.metrics("", 0, null).setDeadLettersByReason(Map.of("TRUNCATED", 3L)).build(),
                0);

        JsonNode news = news(new Cursor(null));

        assertThat(news.get("models")).isEmpty();
        assertThat(news.at("/deadLettersOfNoModel/TRUNCATED").asLong()).isEqualTo(3);
    }

    @Test
    void readerWithoutAWish_getsTheFirstModelThereIs_andKeepsIt() throws Exception {
        Cursor cursor = new Cursor(null);
        assertThat(news(cursor).get("chosen").isNull()).isTrue();
        tell("m", 0);
        assertThat(news(cursor).at("/model/id").asText()).isEqualTo("m");
        tell("a", 0);
        assertThat(news(cursor).get("chosen").asText()).isEqualTo("m");
    }

    @Test
    void readerOfAModelThatIsNotThere_isToldOfThoseThatAre() throws Exception {
        tell("m", 0);

        JsonNode news = news(new Cursor("other"));

        assertThat(news.has("model")).isFalse();
        assertThat(news.at("/models/0/id").asText()).isEqualTo("m");
    }
}
