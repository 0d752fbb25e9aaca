/**
 * The learner's block on a CUDA device: the states of models, and the stages by which a block of
 * their examples is predicted and learnt.
 *
 * <p>Nothing here needs ND4J. The device itself is in {@link io.freshet.model.cuda.device}.
 */
@org.jspecify.annotations.NullMarked
package io.freshet.model.cuda;
