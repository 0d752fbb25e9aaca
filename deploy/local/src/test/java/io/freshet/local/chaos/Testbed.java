package io.freshet.local.chaos;

/** Everything that faults can hit. */
record Testbed(ChaosKafka kafka, ChaosFlink flink, ChaosJob job) {}
