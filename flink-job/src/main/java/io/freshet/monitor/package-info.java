/** Rolling metrics of the models, computed from the evaluations of their examples. */
@NullMarked
package io.freshet.monitor;

import org.jspecify.annotations.NullMarked;
