/**
 * The contract of the learner's engines: a reference in double precision, and checks that compare
 * an engine with it. It needs neither a test framework nor, for an engine of a device, ND4J.
 */
@NullMarked
package io.freshet.model.contract;

import org.jspecify.annotations.NullMarked;
