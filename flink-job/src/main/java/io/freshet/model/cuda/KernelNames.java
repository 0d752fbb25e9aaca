package io.freshet.model.cuda;

/** Names of the kernels whose template arguments depend on the model, in the form of CUDA C++. */
final class KernelNames {
    private static final int MIN_LANES = 8;

    private KernelNames() {}

    /**
     * Returns the name of the kernel that computes the weights of a mixture, in which each expert
     * takes a lane, and there is a power of two of them; see scores.cu.
     */
    static String mixtureWeights(int experts) {
        int lanes = MIN_LANES;
        while (lanes < experts) {
            lanes *= 2;
        }
        return "mixtureWeights<" + lanes + ">";
    }

    /** Returns the name of the kernel of an ensemble's ferns; see experts.cu. */
    static String ferns(LinearModel model) {
        return "ferns<" + model.numOutputs() + ">";
    }

    /** Returns the name of the kernel of an ensemble's stacks; see combination.cu. */
    static String stacks(LinearModel model) {
        return "stacks<" + model.numExperts() + ", " + model.numOutputs() + ">";
    }
}
