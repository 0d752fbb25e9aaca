/** Events of the job's results, encoded in Avro or JSON for their topics. */
@NullMarked
package io.freshet.publish;

import org.jspecify.annotations.NullMarked;
