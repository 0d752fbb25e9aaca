package io.freshet.model.cuda;

/** The arrays of a scaler's state on the device, (numFeatures) doubles each, in their order. */
final class ScalerFields {
    static final int MEAN = 0;
    static final int SQUARES = 1;
    static final int WEIGHT = 2;
    static final int ENVELOPE = 3;
    static final int RUN = 4;
    static final int CLIPPED = 5;
    static final int SEEN = 6;
    static final int FARTHEST = 7;
    static final int FARTHEST_WEIGHT = 8;
    static final int REST_WEIGHT = 9;
    static final int REST_MEAN = 10;
    static final int REST_SQUARES = 11;
    static final int COUNT = 12;

    private ScalerFields() {}
}
