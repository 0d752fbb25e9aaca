/** Benchmark of the drift detectors. */
@NullMarked
package io.freshet.local.driftbench;

import org.jspecify.annotations.NullMarked;
