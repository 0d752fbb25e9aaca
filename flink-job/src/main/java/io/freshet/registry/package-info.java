/**
 * Client of a Confluent-compatible schema registry, for the stages that read and write messages.
 * Does not depend on any stage of the pipeline.
 */
@NullMarked
package io.freshet.registry;

import org.jspecify.annotations.NullMarked;
