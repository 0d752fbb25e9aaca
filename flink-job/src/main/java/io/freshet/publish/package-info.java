/** Avro events of the job's results, encoded for their topics. */
@NullMarked
package io.freshet.publish;

import org.jspecify.annotations.NullMarked;
