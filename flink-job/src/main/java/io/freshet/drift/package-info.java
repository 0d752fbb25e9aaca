/**
 * Detectors of drift: tests on a stream of losses or errors for a change of its distribution. Pure
 * maths in plain Java; imports nothing of Freshet's, no Flink, no ND4J.
 */
@NullMarked
package io.freshet.drift;

import org.jspecify.annotations.NullMarked;
