package io.freshet.monitor;

import io.freshet.model.example.ScoredColumns;

/**
 * State of an {@link ExampleWindow}: its examples, oldest first.
 *
 * @param numAdded number of examples that were ever added to the window
 * @param scored labels and scores
 * @param previousLabels label of the example before each
 * @param majorityLabels most frequent label before each
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record WindowState(
        long numAdded, ScoredColumns scored, int[] previousLabels, int[] majorityLabels) {}
