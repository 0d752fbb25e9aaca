/** Metrics in the formats of Prometheus. */
@NullMarked
package io.freshet.local.prometheus;

import org.jspecify.annotations.NullMarked;
