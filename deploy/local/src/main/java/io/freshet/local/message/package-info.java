/** Reading of messages with Avro's own readers, independent of the job's. */
@NullMarked
package io.freshet.local.message;

import org.jspecify.annotations.NullMarked;
