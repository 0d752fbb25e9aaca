package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static final int SIDE = 10;
    private static final int IMAGES = 2000;

    /** Image whose pixels tell where they were: red is 1 + x, green 1 + y. */
    private static RgbImage coordinates() {
        byte[] pixels = new byte[RgbImage.CHANNELS * SIDE * SIDE];
        for (int i = 0; i < SIDE * SIDE; i++) {
            pixels[RgbImage.CHANNELS * i] = (byte) (1 + i % SIDE);
            pixels[RgbImage.CHANNELS * i + 1] = (byte) (1 + i / SIDE);
            pixels[RgbImage.CHANNELS * i + 2] = (byte) 255;
        }
        return new RgbImage(SIDE, SIDE, pixels);
    }

    @Test
    void apply_cropsAndFlipsUniformly() {
        RgbImage image = coordinates();
        Augmentation augmentation = new Augmentation(3);
        int mirrored = 0;
        int[] lefts = new int[9];
        int[] tops = new int[9];
        Set<String> kinds = new HashSet<>();
        for (long position = 0; position < IMAGES; position++) {
            RgbImage result = augmentation.apply(image, position);
            // Two pixels in the middle are always within the original image.
            int x = result.value(4, 4, 0) - 1;
            int next = result.value(5, 4, 0) - 1;
            int y = result.value(4, 4, 1) - 1;
            boolean flipped = next == x - 1;
            int left = flipped ? x - (SIDE - 1 - 4) : x - 4;
            int top = y - 4;
            mirrored += flipped ? 1 : 0;
            lefts[left + 4]++;
            tops[top + 4]++;
            kinds.add(flipped + " " + left + " " + top);
            assertShifted(result, flipped, left, top);
        }
        assertThat(mirrored).isBetween(IMAGES / 2 - 100, IMAGES / 2 + 100);
        assertThat(lefts)
                .matches(
                        counts ->
                                Arrays.stream(counts)
                                        .allMatch(
                                                count ->
                                                        count > IMAGES / 9 - 60
                                                                && count < IMAGES / 9 + 60));
        assertThat(tops)
                .matches(
                        counts ->
                                Arrays.stream(counts)
                                        .allMatch(
                                                count ->
                                                        count > IMAGES / 9 - 60
                                                                && count < IMAGES / 9 + 60));
        assertThat(kinds).hasSize(2 * 9 * 9);
    }

    private static void assertShifted(RgbImage result, boolean flipped, int left, int top) {
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int fromX = left + (flipped ? SIDE - 1 - x : x);
                int fromY = top + y;
                boolean inside = fromX >= 0 && fromX < SIDE && fromY >= 0 && fromY < SIDE;
                assertThat(result.value(x, y, 0)).isEqualTo(inside ? 1 + fromX : 0);
                assertThat(result.value(x, y, 1)).isEqualTo(inside ? 1 + fromY : 0);
                assertThat(result.value(x, y, 2)).isEqualTo(inside ? 255 : 0);
            }
        }
    }

    @Test
    void apply_dependsOnTheSeedAndThePositionOnly() {
        RgbImage image = coordinates();
        byte[] first = new Augmentation(3).apply(image, 17).pixels();

        assertThat(new Augmentation(3).apply(image, 17).pixels()).isEqualTo(first);
        assertThat(new Augmentation(4).apply(image, 17).pixels()).isNotEqualTo(first);
    }
}
