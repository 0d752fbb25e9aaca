/**
 * Settings of the job: definitions of keys, parsing and validation, with all problems reported at
 * once. Imports no stage.
 */
@NullMarked
package io.freshet.config;

import org.jspecify.annotations.NullMarked;
