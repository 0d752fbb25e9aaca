package io.freshet.local.watch;

/**
 * State of a job at one moment, with its description.
 *
 * @param text one line for people, such as "No update for 3 min, about 4,000 events are waiting"
 */
public record JobCondition(JobState state, String text) {}
