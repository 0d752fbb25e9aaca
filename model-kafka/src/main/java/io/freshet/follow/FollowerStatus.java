package io.freshet.follow;

import java.util.Map;
import java.util.OptionalLong;

/**
 * State of a {@link SnapshotFollower}.
 *
 * @param hasReachedEnd whether everything that the topic had when the follower found it has been
 *     read
 * @param failure what prevents it from reading, such as a broker that is away; empty if nothing
 * @param records number of records that it has read
 * @param lag number of offsets between the last record and the end of the topic; empty if unknown
 * @param problems number of records or snapshots that could not be used, for each kind
 */
public record FollowerStatus(
        boolean hasReachedEnd,
        String failure,
        long records,
        OptionalLong lag,
        Map<FollowProblem, Long> problems) {
    public FollowerStatus {
        problems = Map.copyOf(problems);
    }
}
