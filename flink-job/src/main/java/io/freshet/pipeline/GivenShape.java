package io.freshet.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shape of a job's models, as far as its settings say it.
 *
 * @param numFeatures number of features, of mapped fields the number of their columns; null if
 *     neither is set
 * @param classes class names by index; empty if they are not set, or open
 */
public record GivenShape(@Nullable Integer numFeatures, List<String> classes) {
    public GivenShape {
        classes = List.copyOf(classes);
    }
}
