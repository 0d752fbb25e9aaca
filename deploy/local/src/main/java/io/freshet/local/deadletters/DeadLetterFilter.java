package io.freshet.local.deadletters;

import java.util.OptionalLong;
import java.util.Set;

/**
 * Selection of dead letters. An empty set selects all.
 *
 * @param places places of the messages
 * @param reasons names of reasons, in upper case
 * @param modelIds ids of models
 * @param since earliest time at which they were published, milliseconds since 1970-01-01T00:00Z;
 *     empty for all
 */
public record DeadLetterFilter(
        Set<MessagePlace> places, Set<String> reasons, Set<String> modelIds, OptionalLong since) {
    public DeadLetterFilter {
        places = Set.copyOf(places);
        reasons = Set.copyOf(reasons);
        modelIds = Set.copyOf(modelIds);
    }

    /** Returns whether every dead letter is selected. */
    public boolean selectsAll() {
        return places.isEmpty() && reasons.isEmpty() && modelIds.isEmpty() && since.isEmpty();
    }

    /** Returns whether a dead letter is selected. */
    public boolean selects(StoredDeadLetter letter) {
        return (places.isEmpty() || places.contains(letter.place()))
                && (reasons.isEmpty() || reasons.contains(letter.event().getReason()))
                && (modelIds.isEmpty() || modelIds.contains(letter.event().getModelId()))
                && (since.isEmpty() || letter.publishedAt() >= since.getAsLong());
    }
}
