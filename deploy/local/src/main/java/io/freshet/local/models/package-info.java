/** Published models: reading from the topics, comparing, and files in other formats. */
@NullMarked
package io.freshet.local.models;

import org.jspecify.annotations.NullMarked;
