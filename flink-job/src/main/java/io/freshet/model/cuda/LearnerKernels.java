package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.Kernel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The compiled kernels of linear models and of ensembles. */
final class LearnerKernels {
    private final Device device;
    private final int numOutputs;

    /** By name, with template arguments. */
    private final Map<String, Kernel> kernels = new HashMap<>();

    LearnerKernels(Device device, LinearModel model) {
        this.device = device;
        this.numOutputs = model.numOutputs();
        boolean isEnsemble = model.ensemble() != null;
        compile("scaling", "scaleFeatures", "copyFeatures");
        compile(
                "steps",
                "plainSteps",
                "normalisedSteps",
                "couple",
                "scaleGradients",
                "takeSteps",
                "gradientNorms");
        compile("state", "copyStates", "magnitudes");
        compile(
                "scores",
                "likelihoods",
                "baselinePredictions",
                "relativeLikelihoods",
                KernelNames.mixtureWeights(model.numExperts()),
                KernelNames.mixtureWeights(isEnsemble ? Combination.ANSWERS : model.numExperts()),
                "answers");
        if (isEnsemble) {
            compile(
                    "experts",
                    "linearExperts",
                    "learntTargets",
                    "fernCells",
                    KernelNames.ferns(model),
                    "planWindow",
                    "spreads",
                    "weightsOfFeatures",
                    "weighFeatures",
                    "nearest",
                    "appendToWindow",
                    "labelExperts");
            compile(
                    "combination",
                    "likelihoodsOf<float>",
                    "likelihoodsOf<double>",
                    "mixExperts",
                    KernelNames.stacks(model),
                    "ensembleAnswers");
        }
    }

    /**
     * Compiles kernels of a source.
     *
     * @param names names with template arguments; one that is there twice is compiled once
     */
    private void compile(String source, String... names) {
        List<String> distinct = Stream.of(names).distinct().toList();
        for (Kernel kernel : device.compile(KernelSources.of(source), distinct)) {
            kernels.put(kernel.name(), kernel);
        }
    }

    /**
     * Returns a kernel.
     *
     * @param name name with template arguments
     */
    Kernel get(String name) {
        Kernel kernel = kernels.get(name);
        if (kernel == null) {
            throw new IllegalStateException("the kernel " + name + " has not been compiled");
        }
        return kernel;
    }

    /** Returns the kernel of the recursion, compiled once for each form of the gradient. */
    Kernel recursion(Gradient gradient) {
        String name = Recursion.of(numOutputs, gradient).name();
        if (!kernels.containsKey(name)) {
            compile("recursion", name);
        }
        return get(name);
    }
}
