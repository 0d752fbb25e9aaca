/** Comparison of a job's own counts with its topics. */
@NullMarked
package io.freshet.local.audit;

import org.jspecify.annotations.NullMarked;
