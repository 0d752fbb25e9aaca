package io.freshet.sql;

import io.freshet.classifier.Classifier;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Newest version of a model that fits the query. A version with another number of features is
 * refused, and the last one that fits stays.
 *
 * <p>Used by one thread; the counters may be read by others.
 */
final class LiveModel {
    private static final Logger LOG = LoggerFactory.getLogger(LiveModel.class);

    private final InputColumns inputs;
    private volatile Classifier current;
    private @Nullable Classifier refused;
    private final AtomicLong refusedVersions = new AtomicLong();

    /**
     * @throws IllegalArgumentException if the model does not fit; the message says what is expected
     *     and what was found
     */
    LiveModel(InputColumns inputs, Classifier first) {
        this.inputs = inputs;
        if (!fits(first)) {
            throw new IllegalArgumentException(refusal(first) + ".");
        }
        current = first;
    }

    /** Takes over the newest version if it fits, and returns the one to predict with. */
    Classifier refresh(Classifier newest) {
        if (newest != current && newest != refused) {
            if (fits(newest)) {
                current = newest;
                refused = null;
                LOG.debug("{} predicts from now on", newest);
            } else {
                refused = newest;
                refusedVersions.incrementAndGet();
                LOG.warn("{}; {} stays.", refusal(newest), current);
            }
        }
        return current;
    }

    private boolean fits(Classifier model) {
        return inputs.isArray() || model.numFeatures() == inputs.names().size();
    }

    private String refusal(Classifier model) {
        return "The "
                + model
                + " has "
                + model.numFeatures()
                + " features; "
                + inputs.names().size()
                + " are expected, the columns "
                + String.join(", ", inputs.names());
    }

    /** Returns the version to predict with. */
    Classifier current() {
        return current;
    }

    /** Returns the number of versions that did not fit. */
    long refusedVersions() {
        return refusedVersions.get();
    }
}
