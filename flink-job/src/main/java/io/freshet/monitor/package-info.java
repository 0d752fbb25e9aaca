/** From evaluations to rolling metrics. */
@NullMarked
package io.freshet.monitor;

import org.jspecify.annotations.NullMarked;
