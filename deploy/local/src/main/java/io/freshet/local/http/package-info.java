/**
 * The rules by which what this process serves by HTTP answers requests, and Flink's REST endpoint
 * under them.
 */
@NullMarked
package io.freshet.local.http;

import org.jspecify.annotations.NullMarked;
