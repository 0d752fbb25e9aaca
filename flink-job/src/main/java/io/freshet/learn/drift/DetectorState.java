package io.freshet.learn.drift;

/**
 * State of a drift detector of one model.
 *
 * @param name name, signal and parameters of the detector; the state is restored only if all are
 *     unchanged
 * @param state state of the running detector
 * @param drifts number of drifts detected
 * @param warningAt number of examples seen when it last began to warn; 0 outside a warning
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DetectorState(String name, double[] state, long drifts, long warningAt) {}
