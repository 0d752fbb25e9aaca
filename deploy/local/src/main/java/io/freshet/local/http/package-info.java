/** Access rules of this process's HTTP servers, and their enforcement at Flink's REST endpoint. */
@NullMarked
package io.freshet.local.http;

import org.jspecify.annotations.NullMarked;
