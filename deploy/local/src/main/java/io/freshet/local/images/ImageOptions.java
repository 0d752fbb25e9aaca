package io.freshet.local.images;

import io.freshet.local.cli.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options that say which images are read and what turns them into features. */
public final class ImageOptions {
    private static final Long DEFAULT_SEED = 1L;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "Folder of the images: CIFAR-10's binary version (cifar-10-batches-bin), or a"
                            + " folder of PNG or JPEG files for each class; there may be train and"
                            + " test above the classes.")
    private @Nullable Path data;

    @Option(
            names = "--backbone",
            paramLabel = "FILE",
            description =
                    "Frozen network in ONNX with one input, images as float (N, 3, height, width),"
                            + " whose output is the features.")
    private @Nullable Path backbone;

    @Option(
            names = "--output",
            paramLabel = "NAME",
            description = "Output of the network, if it has several.")
    private @Nullable String output;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "Width and height of images, for a network that accepts any.")
    private @Nullable Integer imageSize;

    @Option(
            names = "--mean",
            paramLabel = "R,G,B",
            split = ",",
            defaultValue = "0.5,0.5,0.5",
            description =
                    "Mean of the colours, 0 to 1, in the network's normalisation (default:"
                            + " ${DEFAULT-VALUE}).")
    private List<Float> mean = List.of();

    @Option(
            names = "--std",
            paramLabel = "R,G,B",
            split = ",",
            defaultValue = "0.5,0.5,0.5",
            description =
                    "Standard deviation of the colours in the network's normalisation (default:"
                            + " ${DEFAULT-VALUE}).")
    private List<Float> deviation = List.of();

    @Option(
            names = "--cuda",
            description =
                    "Runs the network on a GPU, with ONNX Runtime's GPU package (see the README).")
    private boolean cuda;

    @Option(
            names = "--order",
            paramLabel = "FILE",
            description =
                    "Order of the images: a file with one path a line, relative to the folder.")
    private @Nullable Path order;

    /** Returns whether images are to be read. */
    public boolean isGiven() {
        return data != null || backbone != null;
    }

    /**
     * Returns the seed of the augmentation.
     *
     * @param given value of the option: a seed or off; null for the default of a part
     * @return null for none
     */
    public static @Nullable Long augmentationSeed(@Nullable String given, ImagePart part) {
        if (given == null) {
            return part == ImagePart.TRAIN ? DEFAULT_SEED : null;
        }
        if (given.equals("off")) {
            return null;
        }
        try {
            return Long.valueOf(given);
        } catch (NumberFormatException e) {
            throw new UserException("--augment " + given + ": must be a whole number or off", e);
        }
    }

    /**
     * Opens the images and the network.
     *
     * @param epochs number of times that the images are streamed, at least 1
     * @param shuffleSeed seed of the order in each epoch; null for the order of the set
     * @param augmentationSeed seed of random crops and flips; null for images as they are
     * @param problems listener to images that cannot be read, where they are left out in silence
     *     otherwise
     * @throws UserException if an option is missing or invalid, or names what cannot be used
     */
    public ImageStream open(
            ImagePart part,
            int epochs,
            @Nullable Long shuffleSeed,
            @Nullable Long augmentationSeed,
            ImageStream.ProblemListener problems) {
        ImageSet set = images(part);
        if (backbone == null) {
            throw new UserException("--backbone is missing: a network as an ONNX file");
        }
        if (imageSize != null && imageSize < 1) {
            throw new UserException("--image-size " + imageSize + ": must be at least 1");
        }
        Normalisation normalisation = Normalisation.of(mean, deviation);
        String name =
                StreamName.of(
                        set,
                        backbone,
                        Arrays.asList(
                                output,
                                String.valueOf(imageSize),
                                normalisation.toString(),
                                String.valueOf(shuffleSeed),
                                String.valueOf(augmentationSeed)));
        return new ImageStream(
                name,
                set,
                Backbone.load(
                        backbone, new Backbone.Options(normalisation, output, imageSize, cuda)),
                epochs,
                shuffleSeed,
                augmentationSeed == null ? null : new Augmentation(augmentationSeed),
                problems);
    }

    private ImageSet images(ImagePart part) {
        if (data == null) {
            throw new UserException("--data is missing: the folder of the images");
        }
        if (!Files.isDirectory(data)) {
            throw new UserException(data + " is no folder; --data is the folder of the images");
        }
        if (CifarBatches.isIn(data)) {
            if (order != null) {
                throw new UserException("--order is for folders of image files; see --shuffle");
            }
            return CifarBatches.open(data, part);
        }
        return ImageFolder.open(data, part, order);
    }
}
