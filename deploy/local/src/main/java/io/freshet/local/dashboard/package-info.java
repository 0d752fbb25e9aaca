/**
 * The page that people watch a job on: a bounded history of what its topics tell, and a small
 * server of the page and of its stream of figures. Knows no Kafka.
 */
@NullMarked
package io.freshet.local.dashboard;

import org.jspecify.annotations.NullMarked;
