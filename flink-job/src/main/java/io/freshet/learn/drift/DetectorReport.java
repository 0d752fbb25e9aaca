package io.freshet.learn.drift;

import io.freshet.drift.Signal;

/**
 * Status of a drift detector after the last example.
 *
 * @param name name of the detector
 * @param signal signal that it monitors
 * @param status stable, warning or drift
 * @param statistic test statistic, in the detector's unit
 * @param threshold value of the statistic at which there is a drift
 * @param drifts number of drifts detected, including those without an alert
 */
public record DetectorReport(
        String name,
        Signal signal,
        String status,
        double statistic,
        double threshold,
        long drifts) {}
