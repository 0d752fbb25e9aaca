package io.freshet.follow;

import java.time.Instant;

/**
 * Reason why a model's newest records are not used.
 *
 * @param message one sentence that says what was expected and what was found
 * @param since when the records were read
 */
public record ModelProblem(FollowProblem kind, String message, Instant since) {}
