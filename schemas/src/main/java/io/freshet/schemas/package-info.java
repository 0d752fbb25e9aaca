/** Avro events on Freshet's topics, with their released schemas and a reader. */
package io.freshet.schemas;
