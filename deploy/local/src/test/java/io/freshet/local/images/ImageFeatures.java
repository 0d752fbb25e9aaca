package io.freshet.local.images;

import io.freshet.local.stream.LabelledStream.Example;
import io.freshet.local.stream.LabelledStream.Items;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Features of CIFAR-10's binary version for tests, as the default options give them. */
public final class ImageFeatures {
    private ImageFeatures() {}

    /** Returns the examples of the shuffled, augmented training images. */
    public static List<Example> training(Path folder, Path network, int epochs) {
        Long seed = 1L;
        return examples(
                folder,
                ImagePart.TRAIN,
                network,
                new ImageStream.Options(epochs, seed, seed, ImageChange.NONE));
    }

    /** Returns the examples of the test images. */
    public static List<Example> test(Path folder, Path network) {
        return examples(folder, ImagePart.TEST, network, ImageStream.Options.plain());
    }

    private static List<Example> examples(
            Path folder, ImagePart part, Path network, ImageStream.Options options) {
        List<Float> half = List.of(0.5f, 0.5f, 0.5f);
        Backbone backbone =
                Backbone.load(
                        network,
                        new Backbone.Options(new Normalisation(half, half), null, null, false));
        List<Example> examples = new ArrayList<>();
        try (ImageStream stream =
                        new ImageStream(
                                "test",
                                CifarBatches.open(folder, part),
                                backbone,
                                options,
                                (name, problem) -> {
                                    throw new IllegalStateException(name + ": " + problem);
                                });
                Items<Example> items = stream.examples()) {
            items.forEachRemaining(examples::add);
        }
        return examples;
    }
}
