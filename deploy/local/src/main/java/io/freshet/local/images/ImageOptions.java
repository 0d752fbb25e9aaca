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
    /** Seed of the random crops and flips of training images, unless another is given. */
    public static final String AUGMENTATION_SEED = "1";

    /** Seed of the order of the images where they are shuffled unless another seed is given. */
    public static final String SHUFFLE_SEED = "1";

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

    /** Returns whether a file gives the order of the images. */
    public boolean hasOrder() {
        return order != null;
    }

    /** Returns the name of the images' folder; empty if none is given. */
    public String folderName() {
        return data == null ? "" : String.valueOf(data.toAbsolutePath().getFileName());
    }

    /** Returns the name of the network's file; empty if none is given. */
    public String networkName() {
        return backbone == null ? "" : String.valueOf(backbone.getFileName());
    }

    /** Returns whether images are to be read. */
    public boolean isGiven() {
        return data != null || backbone != null;
    }

    /**
     * Returns the seed that the value of an option is.
     *
     * @return null for {@code off}
     * @throws UserException if it is neither
     */
    public static @Nullable Long seed(String option, String value) {
        if (value.equals("off")) {
            return null;
        }
        try {
            return Long.valueOf(value);
        } catch (NumberFormatException e) {
            throw new UserException(option + " " + value + ": must be a whole number or off", e);
        }
    }

    /**
     * Opens the images and the network.
     *
     * @param problems listener to images that cannot be read, where they are left out in silence
     *     otherwise
     * @throws UserException if an option is missing or invalid, or names what cannot be used
     */
    public ImageStream open(
            ImagePart part, ImageStream.Options options, ImageStream.ProblemListener problems) {
        return open(images(part, order), options, problems);
    }

    /**
     * Opens the test images of a set that has training images too, and the network. A file with an
     * order counts for the training images only.
     *
     * @param problems listener to images that cannot be read
     * @throws UserException as {@link #open}, or if the set has no test images of its own
     */
    public ImageStream openTestImages(
            ImageStream.Options options, ImageStream.ProblemListener problems) {
        if (data != null && !CifarBatches.isIn(data) && !ImageFolder.has(data, ImagePart.TEST)) {
            throw new UserException(
                    data + ": no folder test, with the test images in a folder for each class");
        }
        return open(images(ImagePart.TEST, null), options, problems);
    }

    private ImageStream open(
            ImageSet set, ImageStream.Options options, ImageStream.ProblemListener problems) {
        if (backbone == null) {
            throw new UserException("--backbone is missing: a network as an ONNX file");
        }
        if (imageSize != null && imageSize < 1) {
            throw new UserException("--image-size " + imageSize + ": must be at least 1");
        }
        Normalisation normalisation = Normalisation.of(mean, deviation);
        Backbone network =
                Backbone.load(
                        backbone, new Backbone.Options(normalisation, output, imageSize, cuda));
        String name =
                StreamName.of(
                        set,
                        backbone,
                        Arrays.asList(
                                output,
                                String.valueOf(imageSize),
                                normalisation.toString(),
                                String.valueOf(options.shuffleSeed()),
                                String.valueOf(options.augmentationSeed()),
                                options.change().name()));
        return new ImageStream(name, set, network, options, problems);
    }

    private ImageSet images(ImagePart part, @Nullable Path paths) {
        if (data == null) {
            throw new UserException("--data is missing: the folder of the images");
        }
        if (!Files.isDirectory(data)) {
            throw new UserException(data + " is no folder; --data is the folder of the images");
        }
        if (CifarBatches.isIn(data)) {
            if (paths != null) {
                throw new UserException("--order is for folders of image files; see --shuffle");
            }
            return CifarBatches.open(data, part);
        }
        return ImageFolder.open(data, part, paths);
    }
}
