package io.freshet.learn;

/**
 * A number of values of one feature.
 *
 * @param feature index of the feature
 * @param count number of values
 */
public record FeatureCount(int feature, long count) {}
