/**
 * The maths of the learner. Imports nothing of Freshet's, no Flink, no Kafka, no Avro; the only
 * package that imports ND4J.
 */
@NullMarked
package io.freshet.model;

import org.jspecify.annotations.NullMarked;
