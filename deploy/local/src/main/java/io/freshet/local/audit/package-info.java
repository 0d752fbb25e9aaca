/** The check of a job's own counts against its topics. */
@NullMarked
package io.freshet.local.audit;

import org.jspecify.annotations.NullMarked;
