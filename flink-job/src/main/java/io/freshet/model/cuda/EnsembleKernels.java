package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import java.util.List;

/** The compiled kernels of ensembles, beside those of their linear models. */
final class EnsembleKernels {
    final Kernel linearExperts;
    final Kernel learntTargets;
    final Kernel fernCells;
    final Kernel ferns;
    final Kernel planWindow;
    final Kernel spreads;
    final Kernel weightsOfFeatures;
    final Kernel weighFeatures;
    final Kernel nearest;
    final Kernel appendToWindow;
    final Kernel labelExperts;
    final Kernel likelihoodsOfExperts;
    final Kernel likelihoodsOfAnswers;
    final Kernel mixExperts;
    final Kernel stacks;
    final Kernel ensembleAnswers;
    final Kernel answerWeights;

    EnsembleKernels(Device device, LinearModel model) {
        int classes = model.numOutputs();
        List<Kernel> experts =
                device.compile(
                        KernelSources.of("experts"),
                        List.of(
                                "linearExperts",
                                "learntTargets",
                                "fernCells",
                                "ferns<" + classes + ">",
                                "planWindow",
                                "spreads",
                                "weightsOfFeatures",
                                "weighFeatures",
                                "nearest",
                                "appendToWindow",
                                "labelExperts"));
        linearExperts = experts.get(0);
        learntTargets = experts.get(1);
        fernCells = experts.get(2);
        ferns = experts.get(3);
        planWindow = experts.get(4);
        spreads = experts.get(5);
        weightsOfFeatures = experts.get(6);
        weighFeatures = experts.get(7);
        nearest = experts.get(8);
        appendToWindow = experts.get(9);
        labelExperts = experts.get(10);
        List<Kernel> combination =
                device.compile(
                        KernelSources.of("combination"),
                        List.of(
                                "likelihoodsOf<float>",
                                "likelihoodsOf<double>",
                                "mixExperts",
                                "stacks<" + model.numExperts() + ", " + classes + ">",
                                "ensembleAnswers"));
        likelihoodsOfExperts = combination.get(0);
        likelihoodsOfAnswers = combination.get(1);
        mixExperts = combination.get(2);
        stacks = combination.get(3);
        ensembleAnswers = combination.get(4);
        String weights = MixtureKernel.name(Combination.ANSWERS);
        answerWeights = device.compile(KernelSources.of("scores"), List.of(weights)).get(0);
    }
}
