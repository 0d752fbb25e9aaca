package io.freshet.model.cuda.device;

import org.bytedeco.javacpp.Pointer;

/** A pointer to memory that JavaCPP neither allocates nor counts nor frees. */
final class Address extends Pointer {
    Address(long address) {
        this.address = address;
    }
}
