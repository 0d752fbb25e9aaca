package io.freshet.model.contract;

/** The size of the contract's checks. */
public enum ContractSize {
    /** Shapes and numbers of blocks for a device that is emulated on a processor. */
    SMALL,

    /** All shapes of the design as well, and up to 100 blocks of each. */
    LARGE
}
