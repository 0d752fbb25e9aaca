package io.freshet.local.dashboard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.MutatedEvents;
import io.freshet.local.prometheus.MetricsPage;
import io.freshet.local.watch.ReaderState;
import io.freshet.local.watch.ReaderState.Kind;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DetectorState;
import io.freshet.schemas.Expert;
import io.freshet.schemas.ExpertCombination;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PrometheusMetricsTest {
    private static final ReaderState LIVE = new ReaderState(Kind.LIVE, "");

    private final PrometheusMetrics metrics = new PrometheusMetrics();

    private String page() {
        return UTF_8.decode(metrics.page(null).content()).toString();
    }

    private static MetricsEvent.Builder event(String modelId, long sequence) {
        return MinimalEvents.metrics(modelId, sequence, 0.25);
    }

    private static Audit audit(long accepted, long unlabelled, long ignored, long deadLetters) {
        return new Audit(
                new Tally(accepted, 1L),
                new Tally(unlabelled, 2L),
                new Tally(ignored, 3L),
                new Tally(deadLetters, 4L));
    }

    @Test
    void newestRecord_isExposedAsCountersAndGauges() {
        metrics.onStateChange(LIVE);
        metrics.onMetrics(event("m", 0).build(), 1_000);
        metrics.onMetrics(
                event("m", 1)
                        .setAudit(audit(200, 20, 3, 4))
                        .setIgnoredByReason(Map.of("ZERO_WEIGHT", 3L))
                        .setDeadLettersByReason(Map.of("TRUNCATED", 4L))
                        .setModelVersion(17)
                        .setSkippedSteps(5)
                        .setRollBacks(6)
                        .setClippedValues(11)
                        .setMissingValues(12)
                        .setRoundedValues(13)
                        .setDrifts(7)
                        .setEventTimeLag(1_500L)
                        .setOffsets(List.of(new PartitionOffset("events", 2, 99L)))
                        .setExperts(
                                List.of(
                                        new Expert("rate 0.1", 0.1, 0.75, 8L, 0.5, -0.25, 1.5),
                                        new Expert("ferns", null, 0.25, 0L, null, null, null)))
                        .setCombinations(List.of(new ExpertCombination("stack", 0.5, 0.125)))
                        .setDetectors(
                                List.of(new DetectorState("ddm", "error", "stable", 1.5, 3.0, 9L)))
                        .build(),
                2_500);
        metrics.onSnapshot(MinimalEvents.snapshot("m", 16), 2_000);
        metrics.onDriftAlert(MinimalEvents.alert("m", 0, 100), 500);

        assertThat(page().lines())
                .contains(
                        "freshet_events_total{model=\"m\",outcome=\"accepted\"} 200.0",
                        "freshet_events_total{model=\"m\",outcome=\"unlabelled\"} 20.0",
                        "freshet_events_total{model=\"m\",outcome=\"ignored\"} 3.0",
                        "freshet_events_total{model=\"m\",outcome=\"dead_letter\"} 4.0",
                        "freshet_ignored_events_total{model=\"m\",reason=\"zero_weight\"} 3.0",
                        "freshet_dead_letters_total{model=\"m\",reason=\"truncated\"} 4.0",
                        "freshet_skipped_steps_total{model=\"m\"} 5.0",
                        "freshet_roll_backs_total{model=\"m\"} 6.0",
                        "freshet_clipped_values_total{model=\"m\"} 11.0",
                        "freshet_missing_values_total{model=\"m\"} 12.0",
                        "freshet_rounded_values_total{model=\"m\"} 13.0",
                        "freshet_drift_alerts_total{model=\"m\"} 7.0",
                        "freshet_detector_drifts_total{detector=\"ddm\",model=\"m\"} 9.0",
                        "freshet_detector_statistic{detector=\"ddm\",model=\"m\"} 1.5",
                        "freshet_drift_alert_timestamp_seconds{detector=\"ddm\",model=\"m\"} 0.5",
                        "freshet_expert_weight_ratio{expert=\"rate 0.1\",model=\"m\"} 0.75",
                        "freshet_expert_restarts_total{expert=\"rate 0.1\",model=\"m\"} 8.0",
                        "freshet_expert_loss_nats{expert=\"rate 0.1\",model=\"m\"} 1.5",
                        "freshet_expert_stack_weight{expert=\"rate 0.1\",model=\"m\"} 0.5",
                        "freshet_expert_correction_weight{expert=\"rate 0.1\",model=\"m\"} -0.25",
                        "freshet_combination_weight_ratio{combination=\"stack\",model=\"m\"} 0.5",
                        "freshet_combination_loss_nats{combination=\"stack\",model=\"m\"} 0.125",
                        "freshet_trained_offset{model=\"m\",partition=\"2\",topic=\"events\"} 99.0",
                        "freshet_rolling_loss_nats{model=\"m\"} 0.25",
                        "freshet_prequential_accuracy_ratio{model=\"m\"} 0.5",
                        "freshet_model_version{model=\"m\"} 17.0",
                        "freshet_snapshot_version{model=\"m\"} 16.0",
                        "freshet_snapshot_timestamp_seconds{model=\"m\"} 2.0",
                        "freshet_metrics_timestamp_seconds{model=\"m\"} 2.5",
                        "freshet_event_time_lag_seconds{model=\"m\"} 1.5",
                        "freshet_learning_rate{model=\"m\"} 0.1",
                        "freshet_reader_live 1.0");
    }

    @Test
    void outageOfTheRegistry_isShown_alsoBeforeRecordsAreRead() {
        assertThat(page()).doesNotContain("schema_registry");
        double[] seconds = {0};
        metrics.registry(() -> seconds[0]);

        assertThat(page().lines()).contains("freshet_schema_registry_outage_seconds 0.0");
        seconds[0] = 12.5;
        assertThat(page().lines()).contains("freshet_schema_registry_outage_seconds 12.5");
    }

    @Test
    void everyFamily_hasHelpAndType_andOnlyCountersEndInTotal() {
        metrics.onStateChange(LIVE);
        metrics.onMetrics(event("m", 0).build(), 1_000);
        metrics.onSnapshot(MinimalEvents.snapshot("m", 1), 1_000);

        List<String> typed = names("(?m)^# TYPE (\\w+) \\w+$");
        assertThat(typed).hasSizeGreaterThan(15).allMatch(name -> name.startsWith("freshet_"));
        assertThat(names("(?m)^# HELP (\\w+) \\S.*$")).isEqualTo(typed);
        assertThat(names("(?m)^(\\w+)[{ ]").stream().distinct()).containsExactlyElementsOf(typed);
        assertThat(names("(?m)^# TYPE (\\w+) counter$")).allMatch(name -> name.endsWith("_total"));
        assertThat(names("(?m)^# TYPE (\\w+) gauge$")).noneMatch(name -> name.endsWith("_total"));
    }

    private List<String> names(String pattern) {
        return Pattern.compile(pattern)
                .matcher(page())
                .results()
                .map((MatchResult result) -> result.group(1))
                .toList();
    }

    @Test
    void undefinedValues_andReasonsThatNeverOccurred_makeNoSeries() {
        metrics.onStateChange(LIVE);
        metrics.onMetrics(
                MinimalEvents.metrics("m", 0, Double.NaN).setGradientNorm(Double.NaN).build(),
                1_000);

        assertThat(page())
                .contains("freshet_rolling_accuracy_ratio")
                .doesNotContain("reason=", "NaN")
                .doesNotContain("freshet_rolling_loss", "freshet_gradient_norm", "_kappa")
                .doesNotContain("freshet_fading", "freshet_snapshot", "freshet_event_time_lag");
    }

    @Test
    void modelsHaveNoMetrics_untilTheExistingRecordsAreRead_andKeepThemIfKafkaFails() {
        metrics.onStateChange(new ReaderState(Kind.CATCHING_UP, ""));
        metrics.onMetrics(event("m", 0).build(), 1_000);
        assertThat(page())
                .contains("freshet_reader_live 0.0", "freshet_build_info{version=")
                .doesNotContain("freshet_events_total");

        metrics.onStateChange(LIVE);
        metrics.onStateChange(new ReaderState(Kind.WAITING, "Kafka does not answer."));
        assertThat(page())
                .contains("freshet_reader_live 0.0")
                .contains("freshet_events_total{model=\"m\",outcome=\"accepted\"}");
    }

    @Test
    void deadLettersOfUnknownModels_areZeroUntilTheyOccur() {
        metrics.onStateChange(LIVE);
        assertThat(page()).contains("freshet_events_total{model=\"\",outcome=\"dead_letter\"} 0.0");

        metrics.onMetrics(
                event("", 0)
                        .setAudit(audit(0, 0, 0, 2))
                        .setDeadLettersByReason(Map.of("NULL_VALUE", 2L))
                        .build(),
                1_000);

        assertThat(page().lines())
                .contains(
                        "freshet_events_total{model=\"\",outcome=\"dead_letter\"} 2.0",
                        "freshet_dead_letters_total{model=\"\",reason=\"null_value\"} 2.0")
                .noneMatch(line -> line.startsWith("freshet_rolling"));
    }

    @Test
    void recordOfAnOlderAttempt_isIgnored_andThatOfARestoredJobCounts() {
        metrics.onStateChange(LIVE);
        metrics.onMetrics(event("m", 5).setAttempt(2L).setModelVersion(50).build(), 1_000);
        metrics.onMetrics(event("m", 4).setAttempt(1L).setModelVersion(40).build(), 2_000);
        assertThat(page()).contains("freshet_model_version{model=\"m\"} 50.0");

        metrics.onMetrics(event("m", 3).setAttempt(3L).setModelVersion(30).build(), 3_000);
        assertThat(page()).contains("freshet_model_version{model=\"m\"} 30.0");
    }

    @Test
    void numbersOfModelsAndPartitions_areBounded() {
        metrics.onStateChange(LIVE);
        List<PartitionOffset> offsets = new ArrayList<>();
        for (int i = 0; i < 2 * PrometheusMetrics.MAX_PARTITIONS; i++) {
            offsets.add(new PartitionOffset("events", i, 1L));
        }
        for (int i = 0; i < PrometheusMetrics.MAX_MODELS + 3; i++) {
            metrics.onMetrics(event("m" + i, 0).setOffsets(offsets).build(), 1_000);
        }

        assertThat(page())
                .contains("freshet_models 256.0", "freshet_models_dropped_total 3.0")
                .contains("{model=\"m258\"}")
                .doesNotContain("{model=\"m2\"}");
        assertThat(page().lines())
                .filteredOn(line -> line.startsWith("freshet_trained_offset{model=\"m9\","))
                .hasSize(PrometheusMetrics.MAX_PARTITIONS);
    }

    @Test
    void labelValues_areEscaped() {
        metrics.onStateChange(LIVE);
        metrics.onMetrics(event("a\"b\\c\nd", 0).build(), 1_000);

        assertThat(page()).contains("freshet_model_version{model=\"a\\\"b\\\\c\\nd\"} 0.0");
    }

    @Test
    void openMetrics_isServedToClientsThatAskForIt() {
        MetricsPage text = metrics.page("text/html");
        MetricsPage open =
                metrics.page("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");

        assertThat(text.contentType()).startsWith("text/plain; version=0.0.4");
        assertThat(open.contentType()).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(UTF_8.decode(open.content()).toString()).endsWith("# EOF\n");
    }

    @Test
    void mutatedRecords_neverStopTheExposition() throws Exception {
        metrics.onStateChange(LIVE);
        MetricsEvent event =
                event("m", 7)
                        .setDetectors(
                                List.of(new DetectorState("ddm", "error", "stable", 1.5, 3.0, 9L)))
                        .setOffsets(List.of(new PartitionOffset("events", 2, 99L)))
                        .build();
        for (MetricsEvent mutated : MutatedEvents.of(event, 1, 1_000)) {
            metrics.onMetrics(mutated, 1_000);
            assertThat(page()).contains("freshet_reader_live 1.0");
        }
    }
}
