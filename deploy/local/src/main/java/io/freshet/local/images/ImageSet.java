package io.freshet.local.images;

import java.io.IOException;
import java.util.List;

/** Labelled images in a fixed order, of which each can be read by its index. */
interface ImageSet {
    /** Returns a short description. */
    String description();

    /** Returns the class names, in the order of their indices. */
    List<String> classes();

    /** Returns the number of images. */
    int size();

    /** Returns the name of an image: where it comes from. */
    String name(int index);

    /** Returns the index of an image's class. */
    int label(int index);

    /**
     * Reads an image.
     *
     * @throws IOException if it cannot be read or decoded; the message says why in a few words
     */
    RgbImage read(int index) throws IOException;
}
