/**
 * The dashboard: a bounded history of a job's results, and an HTTP server for the page and its
 * event stream. It does not depend on Kafka.
 */
@NullMarked
package io.freshet.local.dashboard;

import org.jspecify.annotations.NullMarked;
