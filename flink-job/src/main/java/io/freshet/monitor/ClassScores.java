package io.freshet.monitor;

/**
 * How one class fares.
 *
 * @param classIndex the class
 * @param rolling over the window
 * @param prequential since the model began
 */
public record ClassScores(int classIndex, ClassCounts rolling, ClassCounts prequential) {}
