/**
 * Settings of the job: definitions of keys, parsing and validation, with all problems reported at
 * once. Does not depend on any stage of the pipeline.
 */
@NullMarked
package io.freshet.config;

import org.jspecify.annotations.NullMarked;
