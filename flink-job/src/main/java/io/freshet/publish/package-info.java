/** Each record as its Avro event on its topic. */
@NullMarked
package io.freshet.publish;

import org.jspecify.annotations.NullMarked;
