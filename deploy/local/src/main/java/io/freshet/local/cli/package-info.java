/** The frame of every command: options, messages, log, temporary directory and an orderly end. */
@NullMarked
package io.freshet.local.cli;

import org.jspecify.annotations.NullMarked;
