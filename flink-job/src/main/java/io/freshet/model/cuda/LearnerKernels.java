package io.freshet.model.cuda;

import java.util.List;

/** The compiled kernels of linear models. */
final class LearnerKernels {
    final Kernel scaleFeatures;
    final Kernel copyFeatures;
    final Kernel plainSteps;
    final Kernel couple;
    final Kernel scaleGradients;
    final Kernel takeSteps;
    final Kernel gradientNorms;
    final Kernel likelihoods;
    final Kernel baselinePredictions;
    final Kernel mixtureWeights;
    final Kernel answers;
    final Kernel copyStates;
    final Kernel magnitudes;

    private final Device device;
    private final int numOutputs;
    private final Kernel[] recursions = new Kernel[Gradient.values().length];

    LearnerKernels(Device device, int numOutputs) {
        this.device = device;
        this.numOutputs = numOutputs;
        List<Kernel> scaling =
                device.compile(
                        KernelSources.of("scaling"), List.of("scaleFeatures", "copyFeatures"));
        scaleFeatures = scaling.get(0);
        copyFeatures = scaling.get(1);
        List<Kernel> scores =
                device.compile(
                        KernelSources.of("scores"),
                        List.of("likelihoods", "baselinePredictions", "mixtureWeights", "answers"));
        likelihoods = scores.get(0);
        baselinePredictions = scores.get(1);
        mixtureWeights = scores.get(2);
        answers = scores.get(3);
        List<Kernel> steps =
                device.compile(
                        KernelSources.of("steps"),
                        List.of(
                                "plainSteps",
                                "couple",
                                "scaleGradients",
                                "takeSteps",
                                "gradientNorms"));
        plainSteps = steps.get(0);
        couple = steps.get(1);
        scaleGradients = steps.get(2);
        takeSteps = steps.get(3);
        gradientNorms = steps.get(4);
        List<Kernel> state =
                device.compile(KernelSources.of("state"), List.of("copyStates", "magnitudes"));
        copyStates = state.get(0);
        magnitudes = state.get(1);
    }

    /** Returns the kernel of the recursion, compiled once for each form of the gradient. */
    Kernel recursion(Gradient gradient) {
        Kernel kernel = recursions[gradient.ordinal()];
        if (kernel == null) {
            String name = Recursion.of(numOutputs, gradient).name();
            kernel = device.compile(KernelSources.of("recursion"), List.of(name)).get(0);
            recursions[gradient.ordinal()] = kernel;
        }
        return kernel;
    }
}
