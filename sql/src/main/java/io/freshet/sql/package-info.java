/** Model provider for Flink SQL: predictions with the newest models on Freshet's topic. */
@NullMarked
package io.freshet.sql;

import org.jspecify.annotations.NullMarked;
