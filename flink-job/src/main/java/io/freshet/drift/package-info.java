/**
 * Drift detectors: tests for a change of the distribution of losses or errors in a stream. Plain
 * Java; imports no other package of Freshet, no Flink and no ND4J.
 */
@NullMarked
package io.freshet.drift;

import org.jspecify.annotations.NullMarked;
