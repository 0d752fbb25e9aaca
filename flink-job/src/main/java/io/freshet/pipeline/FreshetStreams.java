package io.freshet.pipeline;

import io.freshet.ingest.DeadLetter;
import io.freshet.learn.BlockEvaluation;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.monitor.RollingMetrics;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * What comes out of the pipeline.
 *
 * @param evaluations per example, by model: the loss stream
 * @param metrics rolling metrics
 * @param driftAlerts drifts that were found
 * @param predictions answers to events without a label
 * @param snapshots the models
 * @param deadLetters messages that could not be used
 */
public record FreshetStreams(
        DataStream<BlockEvaluation> evaluations,
        DataStream<RollingMetrics> metrics,
        DataStream<DriftAlert> driftAlerts,
        DataStream<Prediction> predictions,
        DataStream<ModelSnapshot> snapshots,
        DataStream<DeadLetter> deadLetters) {}
