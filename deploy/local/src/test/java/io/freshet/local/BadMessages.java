package io.freshet.local;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.NamedFeatures;
import io.freshet.schemas.SparseFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Invalid messages for a job with three features and two classes. */
final class BadMessages {
    private BadMessages() {}

    /**
     * Returns one invalid message for each reason that applies to labels of one class, by the
     * reason's name.
     */
    static Map<String, byte @Nullable []> ofOneClass() {
        byte[] event = JobOnKafka.bytes(event());
        byte[] random = new byte[100];
        new Random(9).nextBytes(random);
        byte[] unknownSchema = event.clone();
        unknownSchema[4] ^= 1;
        Map<String, byte @Nullable []> bad = new LinkedHashMap<>();
        bad.put("NULL_VALUE", null);
        bad.put("EMPTY_VALUE", new byte[0]);
        // Almost as large as the topic allows: its dead letter is larger than that.
        bad.put("MODEL_ID_TOO_LONG", with(e -> e.setModelId("x".repeat(1_048_000))));
        bad.put("NOT_SINGLE_OBJECT", random);
        bad.put("UNKNOWN_SCHEMA", unknownSchema);
        bad.put("TRUNCATED", Arrays.copyOf(event, event.length - 3));
        bad.put("TRAILING_BYTES", Arrays.copyOf(event, event.length + 3));
        bad.put("OVERSIZED", arrayOfHundredMillion(event));
        bad.put("WRONG_NUM_FEATURES", with(e -> e.setFeatures(dense(1, 2))));
        bad.put("NON_FINITE_FEATURE", with(e -> e.setFeatures(dense(1, Float.NaN, 3))));
        bad.put("LABEL_OUT_OF_RANGE", with(e -> e.setLabel(2)));
        bad.put("UNKNOWN_CLASS", with(e -> e.setLabel("maybe")));
        bad.put("NEGATIVE_WEIGHT", with(e -> e.setWeight(-1)));
        bad.put("NON_FINITE_WEIGHT", with(e -> e.setWeight(Float.POSITIVE_INFINITY)));
        bad.put("UNSUPPORTED_LABEL", with(e -> e.setLabel(List.of(0.5f, 0.5f))));
        bad.put(
                "UNSUPPORTED_FEATURES",
                with(e -> e.setFeatures(new NamedFeatures(Map.of("a", 1f), Map.of()))));
        bad.put("FEATURE_INDEX_OUT_OF_RANGE", withSparse(List.of(3), 2f));
        bad.put("DUPLICATE_FEATURE", withSparse(List.of(1, 1), 2f, 3f));
        bad.put("UNEQUAL_INDICES_AND_VALUES", withSparse(List.of(1), 2f, 3f));
        bad.put("MODEL_NOT_ALLOWED", with(e -> e.setModelId("other")));
        bad.put("RESERVED_MODEL_ID", with(e -> e.setModelId("")));
        return bad;
    }

    /**
     * Returns one invalid message for each reason that applies to labels that are probabilities, by
     * the reason's name.
     */
    static Map<String, byte @Nullable []> ofProbabilities() {
        Map<String, byte @Nullable []> bad = new LinkedHashMap<>();
        bad.put("WRONG_NUM_TARGETS", with(e -> e.setLabel(List.of(0.5f, 0.25f, 0.25f))));
        bad.put("TARGET_OUT_OF_RANGE", with(e -> e.setLabel(List.of(1.5f, -0.5f))));
        bad.put("TARGETS_DO_NOT_SUM_TO_ONE", with(e -> e.setLabel(List.of(0.5f, 0.25f))));
        return bad;
    }

    /**
     * Returns messages made from a valid event by changing, inserting or removing a few bytes at
     * random; most are invalid, and some are other valid events.
     */
    static List<byte[]> mutated(long seed, int count) {
        Random random = new Random(seed);
        byte[] valid = JobOnKafka.bytes(event());
        List<byte[]> mutants = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] mutant = valid.clone();
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                int at = random.nextInt(mutant.length);
                switch (random.nextInt(8)) {
                    case 0 -> mutant = Arrays.copyOf(mutant, Math.max(1, at));
                    case 1 -> mutant = Arrays.copyOf(mutant, mutant.length + 1 + at);
                    case 2 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                    default -> mutant[at] = (byte) random.nextInt(256);
                }
            }
            mutants.add(mutant);
        }
        return mutants;
    }

    private static byte[] arrayOfHundredMillion(byte[] event) {
        // The array's count, here 10^8 in zig-zag encoding, follows 2 + 8 bytes of header, "id" and
        // "good" with a length of one byte each, and one byte each of timestamp and union branch.
        byte[] oversized = Arrays.copyOf(Arrays.copyOf(event, 2 + 8 + 3 + 5 + 1 + 1), 200);
        long zigZag = 2L * 100_000_000;
        int at = 20;
        while (zigZag > 0x7F) {
            oversized[at++] = (byte) ((zigZag & 0x7F) | 0x80);
            zigZag >>>= 7;
        }
        oversized[at] = (byte) zigZag;
        return oversized;
    }

    /** Returns a valid event with three features and the first of two classes, of model "good". */
    static LabelledEvent event() {
        LabelledEvent event = JobOnKafka.events(1, 1, 3, 2, "good").get(0);
        event.setId("id");
        event.setLabel(0);
        return event;
    }

    /** Returns a changed event, encoded. */
    static byte[] with(Consumer<LabelledEvent> change) {
        LabelledEvent event = event();
        change.accept(event);
        return JobOnKafka.bytes(event);
    }

    private static byte[] withSparse(List<Integer> indices, Float... values) {
        return with(e -> e.setFeatures(new SparseFeatures(indices, List.of(values))));
    }

    private static DenseFeatures dense(float... values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return new DenseFeatures(list);
    }
}
