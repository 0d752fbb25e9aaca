/**
 * The command {@code gpu-check}: whether a CUDA device keeps the contract of the learner's engines,
 * and how fast it is. It runs without ND4J and without any library but JavaCPP and its bindings.
 */
@NullMarked
package io.freshet.model.check;

import org.jspecify.annotations.NullMarked;
