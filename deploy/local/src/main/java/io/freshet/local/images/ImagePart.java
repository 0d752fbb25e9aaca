package io.freshet.local.images;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Part of a data set of images. */
public enum ImagePart {
    /** Images to learn from. */
    TRAIN("training images"),
    /** Images to test with. */
    TEST("test images");

    private static final int TRAINING_BATCHES = 5;

    private final String text;

    ImagePart(String text) {
        this.text = text;
    }

    /** Returns the part in words. */
    public String text() {
        return text;
    }

    /** Returns the name of its folder. */
    String folder() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the names of its files in CIFAR-10's binary version; some may be missing. */
    List<String> batchNames() {
        if (this == TEST) {
            return List.of("test_batch.bin");
        }
        return IntStream.rangeClosed(1, TRAINING_BATCHES)
                .mapToObj(batch -> "data_batch_" + batch + ".bin")
                .toList();
    }
}
