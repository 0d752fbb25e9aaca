package io.freshet.monitor;

/**
 * Counts and scores of one class over two sets of examples.
 *
 * @param classIndex index of the class
 * @param rolling over the examples in the window
 * @param prequential over all examples since the model was created
 */
public record ClassScores(int classIndex, ClassCounts rolling, ClassCounts prequential) {}
