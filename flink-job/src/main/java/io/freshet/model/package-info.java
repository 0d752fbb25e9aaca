/**
 * The online learner: pure maths without Flink, Kafka and Avro. This package and its sub-packages
 * import no other package of Freshet, and they alone import ND4J.
 */
@NullMarked
package io.freshet.model;

import org.jspecify.annotations.NullMarked;
