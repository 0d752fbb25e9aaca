package io.freshet.ingest;

import io.freshet.model.example.Examples;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Blocks of examples for tests of the stages behind ingest. */
public final class Blocks {
    private Blocks() {}

    /** An example; the label may be {@link ExampleBlock#UNLABELLED}. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Example(String modelId, long offset, int label, float weight, float[] features) {
        /** Returns the same example with weight 1. */
        public Example withoutWeight() {
            return new Example(modelId, offset, label, 1, features);
        }
    }

    /**
     * Returns a seeded random stream of separable classes: each label shifts the means of the
     * features j with j ≡ label modulo the number of classes.
     */
    public static List<Example> stream(
            long seed, int examples, int numFeatures, int numClasses, String... modelIds) {
        Random random = new Random(seed);
        List<Example> stream = new ArrayList<>();
        for (int i = 0; i < examples; i++) {
            int label = random.nextInt(numClasses);
            float[] features = new float[numFeatures];
            for (int j = 0; j < numFeatures; j++) {
                features[j] =
                        (float) (random.nextGaussian() + (j % numClasses == label ? 1 : 0))
                                * (j + 1);
            }
            stream.add(
                    new Example(
                            modelIds[random.nextInt(modelIds.length)],
                            i,
                            label,
                            1 + random.nextInt(3) * 0.5f,
                            features));
        }
        return stream;
    }

    /** Returns the same example without a label. */
    public static Example unlabelled(Example example) {
        return new Example(
                example.modelId, example.offset, Examples.UNLABELLED, 1, example.features);
    }

    /** Packs examples of one model into a block. */
    public static ExampleBlock block(List<Example> examples) {
        return block(examples, 0);
    }

    /** Counts values of a feature, in a block, that one float does not hold. */
    public static void round(ExampleBlock block, int feature, long count) {
        block.rounded().add(feature, count);
    }

    /**
     * Packs examples of one model into a block.
     *
     * @param numTargets number of values per label, as in {@link #targets}; 0 if labels are classes
     */
    public static ExampleBlock block(List<Example> rows, int numTargets) {
        Example first = rows.get(0);
        ExampleBlock block =
                new ExampleBlock(first.modelId, first.features.length, numTargets, false);
        EventHash hash = new EventHash();
        for (Example example : rows) {
            Examples examples = block.examples();
            examples.reserve();
            System.arraycopy(
                    example.features,
                    0,
                    examples.features(),
                    examples.size() * examples.numFeatures(),
                    examples.numFeatures());
            if (example.label != Examples.UNLABELLED) {
                System.arraycopy(
                        targets(example, numTargets),
                        0,
                        examples.targets(),
                        examples.size() * numTargets,
                        numTargets);
            }
            long position = hash.of(Messages.TOPIC, 0, example.offset);
            block.read().add(Messages.TOPIC, 0, example.offset, position);
            block.addReserved(
                    example.label,
                    example.weight,
                    position,
                    Messages.TOPIC,
                    0,
                    example.offset,
                    1000 + example.offset,
                    example.label == Examples.UNLABELLED ? "event-" + example.offset : null);
        }
        return block;
    }

    /**
     * Packs examples of one model into a block, with consecutive offsets.
     *
     * @param examples kept, not copied
     */
    public static ExampleBlock block(String modelId, Examples examples, long firstOffset) {
        Origins origins = new Origins(examples.size());
        EventHash hash = new EventHash();
        for (long at = firstOffset; at < firstOffset + examples.size(); at++) {
            origins.add(hash.of(Messages.TOPIC, 0, at), Messages.TOPIC, 0, at, 1000 + at, null);
        }
        return new ExampleBlock(modelId, examples, origins);
    }

    /** Returns probabilities, of which that of the example's class is largest; it varies by row. */
    public static float[] targets(Example example, int numTargets) {
        float[] targets = new float[numTargets];
        float largest = (8 + example.offset % 5) / 16f;
        for (int c = 0; c < numTargets; c++) {
            targets[c] = c == example.label ? largest : (1 - largest) / (numTargets - 1);
        }
        return targets;
    }

    /** Splits a stream of one model into parts of random sizes. */
    public static List<List<Example>> pieces(List<Example> stream, int maxSize, long seed) {
        Random random = new Random(seed);
        List<List<Example>> pieces = new ArrayList<>();
        for (int from = 0; from < stream.size(); ) {
            int to = Math.min(stream.size(), from + 1 + random.nextInt(maxSize));
            pieces.add(stream.subList(from, to));
            from = to;
        }
        return pieces;
    }

    /** Splits a stream of one model into blocks of random sizes. */
    public static List<ExampleBlock> cut(List<Example> stream, int maxSize, long seed) {
        return pieces(stream, maxSize, seed).stream().map(Blocks::block).toList();
    }
}
