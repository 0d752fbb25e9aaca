package io.freshet.model.cuda;

/** The kernel that computes the weights of a mixture's experts; see scores.cu. */
final class MixtureKernel {
    private static final int MIN_LANES = 8;

    private MixtureKernel() {}

    /** Returns its name for a number of experts, which take as many lanes: a power of two. */
    static String name(int experts) {
        int lanes = MIN_LANES;
        while (lanes < experts) {
            lanes *= 2;
        }
        return "mixtureWeights<" + lanes + ">";
    }
}
