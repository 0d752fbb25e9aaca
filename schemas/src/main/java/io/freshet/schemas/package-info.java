/** The events on Freshet's topics, and how they are read from the wire. */
package io.freshet.schemas;
