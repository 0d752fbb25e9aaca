/** Examples of a stream and the evaluation of each. */
@NullMarked
package io.freshet.model.example;

import org.jspecify.annotations.NullMarked;
