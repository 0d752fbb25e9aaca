/** Flink jobs that use Freshet as a library. */
@NullMarked
package io.freshet.examples;

import org.jspecify.annotations.NullMarked;
