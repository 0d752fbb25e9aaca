/** Files of examples, read row by row: CSV, JSON lines, ARFF, libsvm and Vowpal Wabbit's text. */
@NullMarked
package io.freshet.local.table;

import org.jspecify.annotations.NullMarked;
