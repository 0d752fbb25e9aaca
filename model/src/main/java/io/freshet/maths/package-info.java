/** Functions of numbers that predictions and learners share. */
@NullMarked
package io.freshet.maths;

import org.jspecify.annotations.NullMarked;
