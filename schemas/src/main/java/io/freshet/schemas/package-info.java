/** The events on Freshet's topics, and how they are written on the wire. */
package io.freshet.schemas;
