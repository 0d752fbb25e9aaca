/** Settings: parsed, checked, every problem named at once. Imports no stage. */
@NullMarked
package io.freshet.config;

import org.jspecify.annotations.NullMarked;
