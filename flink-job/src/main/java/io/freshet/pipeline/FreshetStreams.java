package io.freshet.pipeline;

import io.freshet.ingest.DeadLetter;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.monitor.RollingMetrics;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Result streams of the pipeline.
 *
 * @param evaluations the scores of each example before it was trained on, keyed by model
 * @param metrics rolling metrics
 * @param driftAlerts detected drifts
 * @param predictions predictions
 * @param snapshots snapshots of the models
 * @param deadLetters events that could not be used
 */
public record FreshetStreams(
        DataStream<BlockEvaluation> evaluations,
        DataStream<RollingMetrics> metrics,
        DataStream<DriftAlert> driftAlerts,
        DataStream<Prediction> predictions,
        DataStream<ModelSnapshot> snapshots,
        DataStream<DeadLetter> deadLetters) {}
