package io.freshet.local.images;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.UserException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Frozen network in an ONNX file that turns images into features, by ONNX Runtime. Images of
 * another size than the network's are resized first. Thread-safe.
 */
final class Backbone implements AutoCloseable {
    private static final int RANK = 4;
    private static final int CHANNEL_AXIS = 1;
    private static final int HEIGHT_AXIS = 2;
    private static final int WIDTH_AXIS = 3;

    private final Path file;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final Normalisation normalisation;
    private final BicubicResize resize;
    private final String input;
    private final String output;
    private final int width;
    private final int height;

    /** Number of images that the network takes at once; 0 for any. */
    private final int fixedBatch;

    private final int numFeatures;

    /** Closing the session under a running batch would crash the process. */
    private final ReadWriteLock running = new ReentrantReadWriteLock();

    private boolean closed;

    private Backbone(
            Path file,
            OrtEnvironment environment,
            OrtSession session,
            Options options,
            TensorInfo image,
            String input)
            throws OrtException {
        this.file = file;
        this.environment = environment;
        this.session = session;
        this.normalisation = options.normalisation();
        this.input = input;
        output = output(file, session, options.output());
        long[] shape = image.getShape();
        fixedBatch = (int) Math.max(0, shape[0]);
        height = side(file, shape[HEIGHT_AXIS], options.imageSize());
        width = side(file, shape[WIDTH_AXIS], options.imageSize());
        resize = new BicubicResize(width, height);
        byte[] black = new byte[RgbImage.CHANNELS * width * height];
        numFeatures = features(List.of(new RgbImage(width, height, black)))[0].length;
    }

    /**
     * Options of running a network.
     *
     * @param normalisation normalisation of its input
     * @param output name of the output that has the features; null for the only one
     * @param imageSize width and height of images where the network accepts any; null if it does
     *     not
     * @param cuda whether it runs on a GPU
     */
    record Options(
            Normalisation normalisation,
            @Nullable String output,
            @Nullable Integer imageSize,
            boolean cuda) {}

    /**
     * Loads a network and runs it once.
     *
     * @throws UserException if the file cannot be used; the message names it and what was expected
     */
    static Backbone load(Path file, Options options) {
        if (!Files.isRegularFile(file)) {
            throw new UserException(
                    file + " does not exist; a network as an ONNX file was expected");
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession session = null;
        try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
            settings.setIntraOpNumThreads(1); // callers run batches in parallel
            if (options.cuda()) {
                settings.addCUDA();
            }
            session = environment.createSession(file.toString(), settings);
            Map<String, NodeInfo> inputs = session.getInputInfo();
            if (inputs.size() != 1) {
                throw new UserException(
                        file + " has the inputs " + names(inputs.keySet()) + "; one was expected");
            }
            String input = inputs.keySet().iterator().next();
            TensorInfo image = image(file, inputs.get(input));
            Backbone backbone = new Backbone(file, environment, session, options, image, input);
            // ONNX Runtime ends in a shutdown hook, and crashes if a batch still runs then.
            ProcessShutdown.registerBeforeHooks(backbone);
            return backbone;
        } catch (OrtException e) {
            close(session);
            throw new UserException(file + ": ONNX Runtime cannot run it: " + firstLine(e), e);
        } catch (UserException e) {
            close(session);
            throw e;
        }
    }

    private static void close(@Nullable OrtSession session) {
        if (session != null) {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException("the network cannot be closed", e);
            }
        }
    }

    private static String firstLine(OrtException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown");
    }

    private static String names(Set<String> names) {
        return String.join(", ", names);
    }

    private static TensorInfo image(Path file, @Nullable NodeInfo input) {
        if (input != null
                && input.getInfo() instanceof TensorInfo tensor
                && tensor.type == OnnxJavaType.FLOAT
                && tensor.getShape().length == RANK
                && (tensor.getShape()[CHANNEL_AXIS] == RgbImage.CHANNELS)) {
            return tensor;
        }
        throw new UserException(
                file
                        + " has the input "
                        + (input == null ? "" : describe(input))
                        + "; an image was expected, float (N, 3, height, width)");
    }

    private static String output(Path file, OrtSession session, @Nullable String wanted)
            throws OrtException {
        Map<String, NodeInfo> outputs = session.getOutputInfo();
        if (wanted == null && outputs.size() > 1) {
            throw new UserException(
                    file
                            + " has the outputs "
                            + names(outputs.keySet())
                            + "; --output says which of them has the features");
        }
        String name = wanted == null ? outputs.keySet().iterator().next() : wanted;
        NodeInfo output = outputs.get(name);
        if (output == null) {
            throw new UserException(
                    file + " has no output " + name + ", but " + names(outputs.keySet()));
        }
        if (!(output.getInfo() instanceof TensorInfo tensor)
                || tensor.type != OnnxJavaType.FLOAT
                || tensor.getShape().length < 2) {
            throw new UserException(
                    file
                            + " has the output "
                            + describe(output)
                            + "; features were expected, float (N, ...)");
        }
        return name;
    }

    private static String describe(NodeInfo node) {
        if (node.getInfo() instanceof TensorInfo tensor) {
            String shape =
                    Arrays.stream(tensor.getShape())
                            .mapToObj(size -> size < 0 ? "N" : Long.toString(size))
                            .reduce((a, b) -> a + ", " + b)
                            .orElse("");
            return node.getName()
                    + ", "
                    + tensor.type.name().toLowerCase(Locale.ROOT)
                    + " ("
                    + shape
                    + ")";
        }
        return node.getName() + ", which is no tensor";
    }

    private static int side(Path file, long size, @Nullable Integer given) {
        if (size > 0) {
            return (int) size;
        }
        if (given == null) {
            throw new UserException(
                    file + " takes images of any size; --image-size says which it should get");
        }
        return given;
    }

    /** Returns the number of features of an image. */
    int numFeatures() {
        return numFeatures;
    }

    /**
     * Computes the features of images.
     *
     * @return (images, numFeatures)
     * @throws UserException if the network fails
     */
    float[][] features(List<RgbImage> images) {
        int most = fixedBatch == 0 ? images.size() : fixedBatch;
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < images.size(); from += most) {
            List<RgbImage> batch = images.subList(from, Math.min(images.size(), from + most));
            rows.addAll(run(batch));
        }
        return rows.toArray(float[][]::new);
    }

    private List<float[]> run(List<RgbImage> images) {
        running.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the network is closed");
            }
            return runOpen(images);
        } finally {
            running.readLock().unlock();
        }
    }

    private List<float[]> runOpen(List<RgbImage> images) {
        int count = fixedBatch == 0 ? images.size() : fixedBatch;
        FloatBuffer values = FloatBuffer.allocate(count * RgbImage.CHANNELS * height * width);
        for (RgbImage image : images) {
            normalisation.write(resize.apply(image), values);
        }
        values.rewind(); // the rest of a fixed batch is 0
        long[] shape = {count, RgbImage.CHANNELS, height, width};
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, values, shape);
                OrtSession.Result result = session.run(Map.of(input, tensor), Set.of(output))) {
            FloatBuffer all = ((OnnxTensor) result.get(0)).getFloatBuffer();
            int length = all.remaining() / count;
            List<float[]> rows = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                float[] row = new float[length];
                all.get(row);
                rows.add(row);
            }
            return rows;
        } catch (OrtException e) {
            throw new UserException(file + ": ONNX Runtime cannot run it: " + firstLine(e), e);
        }
    }

    /** Waits for the batches that run, and closes the network. */
    @Override
    public void close() {
        running.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                close(session);
                ProcessShutdown.unregister(this);
            }
        } finally {
            running.writeLock().unlock();
        }
    }
}
