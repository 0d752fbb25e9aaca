package io.freshet.local.images;

import io.freshet.local.stream.LabelledStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Stream of the images of a set, whose features are the outputs of a frozen network. Images that
 * cannot be read are left out and reported.
 */
public final class ImageStream implements LabelledStream, AutoCloseable {
    /** Number of images that go through the network at once. */
    private static final int BATCH = 32;

    /**
     * Image of the stream.
     *
     * @param position place in the stream, over all epochs and with the images that were left out
     * @param name name of the image in its set
     * @param example label and features; null if the image cannot be read
     * @param problem why it cannot be read; null if it can
     */
    record Item(long position, String name, @Nullable Example example, @Nullable String problem) {}

    /**
     * Options of a stream.
     *
     * @param epochs number of times that the images are streamed, at least 1
     * @param shuffleSeed seed of the order in each epoch; null for the order of the set
     * @param augmentationSeed seed of random crops and flips; null for images as they are
     * @param change change of every image, after crop and flip
     */
    public record Options(
            int epochs,
            @Nullable Long shuffleSeed,
            @Nullable Long augmentationSeed,
            ImageChange change) {
        /** Returns the options of the images as they are, once. */
        public static Options plain() {
            return new Options(1, null, null, ImageChange.NONE);
        }

        /** Returns these options with a change of the images. */
        public Options changed(ImageChange newChange) {
            return new Options(epochs, shuffleSeed, augmentationSeed, newChange);
        }
    }

    /** Listener to images that are left out. */
    @FunctionalInterface
    public interface ProblemListener {
        /** Called for an image that cannot be read, in the order of the stream. */
        void onProblem(String name, String problem);
    }

    private final String name;
    private final ImageSet set;
    private final Backbone backbone;
    private final Options options;
    private final @Nullable Augmentation augmentation;
    private final ProblemListener problems;

    /**
     * @param name name of the stream: the same for the same events
     * @param backbone network, which this stream closes
     * @param problems listener of {@link #examples}
     */
    ImageStream(
            String name,
            ImageSet set,
            Backbone backbone,
            Options options,
            ProblemListener problems) {
        this.name = name;
        this.set = set;
        this.backbone = backbone;
        this.options = options;
        Long seed = options.augmentationSeed();
        augmentation = seed == null ? null : new Augmentation(seed);
        this.problems = problems;
    }

    /** Returns the name of the stream: the same for the same images, network and order. */
    public String name() {
        return name;
    }

    /** Returns whether the images come class by class, as a set without an order has them. */
    public boolean isSortedByClass() {
        int changes = 0;
        StreamOrder order = new StreamOrder(set.size(), options.shuffleSeed());
        for (int i = 1; i < set.size(); i++) {
            changes += set.label(order.index(i)) == set.label(order.index(i - 1)) ? 0 : 1;
        }
        return set.classes().size() > 1 && changes < set.classes().size();
    }

    @Override
    public String description() {
        String change = options.change().text();
        return set.description() + (change.isEmpty() ? "" : ", " + change);
    }

    @Override
    public int numFeatures() {
        return backbone.numFeatures();
    }

    @Override
    public List<String> classes() {
        return set.classes();
    }

    /** Returns the number of images, with those that cannot be read. */
    @Override
    public long size() {
        return (long) set.size() * options.epochs();
    }

    @Override
    public Items<Example> examples() {
        Items<Item> items = items(0);
        return new Items<>() {
            private @Nullable Example next = read();

            private @Nullable Example read() {
                while (items.hasNext()) {
                    Item item = items.next();
                    if (item.example() != null) {
                        return item.example();
                    }
                    problems.onProblem(item.name(), String.valueOf(item.problem()));
                }
                return null;
            }

            @Override
            public boolean hasNext() {
                return next != null;
            }

            @Override
            public Example next() {
                Example example = next;
                if (example == null) {
                    throw new NoSuchElementException();
                }
                next = read();
                return example;
            }

            @Override
            public void close() {
                items.close();
            }
        };
    }

    /** Returns an iterator over the images from a position on, with those that cannot be read. */
    Items<Item> items(long from) {
        return new Computed(from);
    }

    /** Images whose features are computed ahead by several threads, one batch each. */
    private final class Computed implements Items<Item> {
        private final StreamOrder order = new StreamOrder(set.size(), options.shuffleSeed());
        private final int threads = Runtime.getRuntime().availableProcessors();
        private final ExecutorService workers =
                Executors.newFixedThreadPool(
                        threads,
                        task -> {
                            Thread thread = new Thread(task, "images");
                            thread.setDaemon(true);
                            return thread;
                        });
        private final ArrayDeque<Future<List<Item>>> ahead = new ArrayDeque<>();
        private final ArrayDeque<Item> ready = new ArrayDeque<>();
        private long position;

        Computed(long from) {
            position = from;
        }

        @Override
        public boolean hasNext() {
            return !ready.isEmpty() || !ahead.isEmpty() || position < size();
        }

        @Override
        public Item next() {
            while (ahead.size() <= threads && position < size()) {
                ahead.add(submit());
            }
            if (ready.isEmpty()) {
                ready.addAll(get(ahead.remove()));
            }
            return ready.remove();
        }

        private Future<List<Item>> submit() {
            long first = position;
            int count = (int) Math.min(BATCH, size() - first);
            int[] indices = new int[count];
            for (int i = 0; i < count; i++) {
                indices[i] = order.index(first + i);
            }
            position += count;
            return workers.submit(() -> compute(first, indices));
        }

        private static List<Item> get(Future<List<Item>> batch) {
            try {
                return batch.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                throw new IllegalStateException(e.getCause());
            }
        }

        @Override
        public void close() {
            workers.shutdownNow();
        }
    }

    private List<Item> compute(long first, int[] indices) {
        List<RgbImage> images = new ArrayList<>();
        String[] broken = new String[indices.length];
        for (int i = 0; i < indices.length; i++) {
            try {
                RgbImage image = set.read(indices[i]);
                RgbImage cut = augmentation == null ? image : augmentation.apply(image, first + i);
                images.add(options.change().apply(cut, first + i));
            } catch (IOException e) {
                broken[i] = String.valueOf(e.getMessage());
            }
        }
        float[][] features = images.isEmpty() ? new float[0][] : backbone.features(images);
        List<Item> items = new ArrayList<>();
        int row = 0;
        for (int i = 0; i < indices.length; i++) {
            String label = set.classes().get(set.label(indices[i]));
            Example example = broken[i] == null ? new Example(label, features[row++]) : null;
            items.add(new Item(first + i, set.name(indices[i]), example, broken[i]));
        }
        return items;
    }

    @Override
    public void close() {
        backbone.close();
    }
}
