package io.freshet.learn.drift;

import io.freshet.drift.Signal;

/**
 * What a drift detector says.
 *
 * @param name the detector
 * @param signal what it watches
 * @param status stable, warning or drift
 * @param statistic after the last example, in its own unit
 * @param threshold what the statistic has to reach
 * @param drifts drifts that it found, those of which there was no alert included
 */
public record DetectorReport(
        String name,
        Signal signal,
        String status,
        double statistic,
        double threshold,
        long drifts) {}
