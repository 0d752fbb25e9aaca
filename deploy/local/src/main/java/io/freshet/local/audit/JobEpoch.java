package io.freshet.local.audit;

/**
 * Job and epoch that a record names.
 *
 * @param job name of the job; "" in records of older versions
 * @param epoch epoch of the job; 0 in records of older versions
 */
record JobEpoch(String job, long epoch) {}
