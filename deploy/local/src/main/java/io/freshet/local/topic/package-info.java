/** Reading of the committed records of a topic with a plain consumer. */
@NullMarked
package io.freshet.local.topic;

import org.jspecify.annotations.NullMarked;
