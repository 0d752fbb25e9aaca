/** Reading of a job's dead letters, and their replay to the topic that they came from. */
@NullMarked
package io.freshet.local.deadletters;

import org.jspecify.annotations.NullMarked;
