package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.local.cli.UserException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ImageChangeTest {
    private static final int SIDE = 100;

    private static RgbImage image(int value) {
        byte[] pixels = new byte[RgbImage.CHANNELS * SIDE * SIDE];
        Arrays.fill(pixels, (byte) value);
        return new RgbImage(SIDE, SIDE, pixels);
    }

    @Test
    void lowContrast_isAFifthOfTheDistanceFromTheMiddle_rounded() {
        assertThat(ImageChange.LOW_CONTRAST.apply(image(0), 0).value(0, 0, 0)).isEqualTo(102);
        assertThat(ImageChange.LOW_CONTRAST.apply(image(255), 0).value(9, 9, 2)).isEqualTo(153);
        // 127.5 + 0.2 · (200 − 127.5) = 142
        assertThat(ImageChange.LOW_CONTRAST.apply(image(200), 0).value(5, 0, 1)).isEqualTo(142);
    }

    @Test
    void noise_isGaussian_andIndependentOfOtherImages() {
        RgbImage noisy = ImageChange.NOISE.apply(image(127), 3);

        double sum = 0;
        double squares = 0;
        for (byte pixel : noisy.pixels()) {
            double difference = (pixel & 0xff) - 127;
            sum += difference;
            squares += difference * difference;
        }
        int values = noisy.pixels().length;
        // Standard errors: 25.5 / √30,000 = 0.15 of the mean, 0.1 of the deviation.
        assertThat(sum / values).isCloseTo(0, within(0.6));
        assertThat(Math.sqrt(squares / values)).isCloseTo(25.5, within(0.5));
        assertThat(noisy.pixels()).isEqualTo(ImageChange.NOISE.apply(image(127), 3).pixels());
        assertThat(noisy.pixels()).isNotEqualTo(ImageChange.NOISE.apply(image(127), 4).pixels());
    }

    @Test
    void noise_staysWithinTheRange() {
        assertThat(ImageChange.NOISE.apply(image(255), 0).pixels()).contains((byte) 255);
        for (byte pixel : ImageChange.NOISE.apply(image(255), 0).pixels()) {
            assertThat(pixel & 0xff).isGreaterThan(100);
        }
    }

    @Test
    void option_namesTheChanges() {
        assertThat(ImageChange.of("--change", "low-contrast")).isEqualTo(ImageChange.LOW_CONTRAST);
        assertThatThrownBy(() -> ImageChange.of("--change", "dark"))
                .isInstanceOf(UserException.class)
                .hasMessage("--change dark: must be one of none, low-contrast and noise");
    }
}
