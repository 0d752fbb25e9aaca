/**
 * Infrastructure of all commands: options, messages, log, temporary directory and orderly shutdown.
 */
@NullMarked
package io.freshet.local.cli;

import org.jspecify.annotations.NullMarked;
