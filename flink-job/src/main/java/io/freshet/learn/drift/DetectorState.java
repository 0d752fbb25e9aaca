package io.freshet.learn.drift;

/**
 * What a drift detector keeps in state.
 *
 * @param name the method's name, what it watches and its parameters: a test goes on only under the
 *     same
 * @param state the test's
 * @param drifts drifts that it found
 * @param warningAt examples seen when it last began to warn, 0 outside a warning
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DetectorState(String name, double[] state, long drifts, long warningAt) {}
