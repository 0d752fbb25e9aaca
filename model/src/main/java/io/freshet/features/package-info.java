/**
 * Features of an example from the values of named fields: the fields that are features, their kinds
 * and the columns that they become, independent of the format of the fields.
 */
@NullMarked
package io.freshet.features;

import org.jspecify.annotations.NullMarked;
