package io.freshet.model.cuda;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The compiled kernels of linear models. */
final class LearnerKernels {
    final Kernel scaleFeatures;
    final Kernel copyFeatures;
    final Kernel plainSteps;
    final Kernel normalisedSteps;
    final Kernel couple;
    final Kernel scaleGradients;
    final Kernel takeSteps;
    final Kernel gradientNorms;
    final Kernel likelihoods;
    final Kernel baselinePredictions;
    final Kernel relativeLikelihoods;
    final Kernel mixtureWeights;
    final Kernel answers;
    final Kernel copyStates;
    final Kernel magnitudes;

    private final @Nullable EnsembleKernels ensemble;
    private final Device device;
    private final int numOutputs;
    private final Map<Gradient, Kernel> recursions = new EnumMap<>(Gradient.class);

    LearnerKernels(Device device, LinearModel model) {
        this.device = device;
        this.numOutputs = model.numOutputs();
        List<Kernel> scaling =
                device.compile(
                        KernelSources.of("scaling"), List.of("scaleFeatures", "copyFeatures"));
        scaleFeatures = scaling.get(0);
        copyFeatures = scaling.get(1);
        List<Kernel> scores =
                device.compile(
                        KernelSources.of("scores"),
                        List.of(
                                "likelihoods",
                                "baselinePredictions",
                                "relativeLikelihoods",
                                MixtureKernel.name(model.numExperts()),
                                "answers"));
        likelihoods = scores.get(0);
        baselinePredictions = scores.get(1);
        relativeLikelihoods = scores.get(2);
        mixtureWeights = scores.get(3);
        answers = scores.get(4);
        List<Kernel> steps =
                device.compile(
                        KernelSources.of("steps"),
                        List.of(
                                "plainSteps",
                                "normalisedSteps",
                                "couple",
                                "scaleGradients",
                                "takeSteps",
                                "gradientNorms"));
        plainSteps = steps.get(0);
        normalisedSteps = steps.get(1);
        couple = steps.get(2);
        scaleGradients = steps.get(3);
        takeSteps = steps.get(4);
        gradientNorms = steps.get(5);
        List<Kernel> state =
                device.compile(KernelSources.of("state"), List.of("copyStates", "magnitudes"));
        copyStates = state.get(0);
        magnitudes = state.get(1);
        ensemble = model.ensemble() == null ? null : new EnsembleKernels(device, model);
    }

    /** Returns the kernels of ensembles. */
    EnsembleKernels ensemble() {
        if (ensemble == null) {
            throw new IllegalStateException("the models are no ensembles");
        }
        return ensemble;
    }

    /** Returns the kernel of the recursion, compiled once for each form of the gradient. */
    Kernel recursion(Gradient gradient) {
        return recursions.computeIfAbsent(gradient, this::compile);
    }

    private Kernel compile(Gradient gradient) {
        String name = Recursion.of(numOutputs, gradient).name();
        return device.compile(KernelSources.of("recursion"), List.of(name)).get(0);
    }
}
