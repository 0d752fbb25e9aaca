package io.freshet.local;

import io.freshet.local.stream.LabelledStream;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Stream of {@code freshet bench}: Gaussian noise around seven class centres. */
record BenchStream(int numFeatures, long size, BenchFormat.Codec codec) implements LabelledStream {
    private static final int CLASSES = 7;

    @Override
    public String description() {
        return "noise";
    }

    @Override
    public List<String> classes() {
        return IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();
    }

    @Override
    public Items<byte[]> messages() {
        Items<Example> examples = examples();
        if (codec.encode(new Example("", new float[numFeatures])) == null) {
            return LabelledStream.super.messages();
        }
        return new Items<>() {
            @Override
            public boolean hasNext() {
                return examples.hasNext();
            }

            @Override
            @SuppressWarnings("NullAway") // checked above
            public byte[] next() {
                return codec.encode(examples.next());
            }

            @Override
            public void close() {
                examples.close();
            }
        };
    }

    @Override
    public Items<Example> examples() {
        Random random = new Random(1);
        return new Items<>() {
            private long next;

            @Override
            public boolean hasNext() {
                return next < size;
            }

            @Override
            public Example next() {
                int label = random.nextInt(CLASSES);
                float[] features = new float[numFeatures];
                for (int j = 0; j < numFeatures; j++) {
                    features[j] = (float) random.nextGaussian() + (j == label ? 1 : 0);
                }
                next++;
                return new Example(Integer.toString(label), features);
            }

            @Override
            public void close() {}
        };
    }
}
