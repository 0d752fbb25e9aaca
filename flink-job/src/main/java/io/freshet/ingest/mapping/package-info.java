/**
 * Mapping from the fields of a message or of a file's row to features, label, id, timestamp, model
 * and weight, independent of the format in which the fields are encoded.
 */
@NullMarked
package io.freshet.ingest.mapping;

import org.jspecify.annotations.NullMarked;
