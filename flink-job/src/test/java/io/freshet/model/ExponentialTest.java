package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ExponentialTest {
    /** Its own error of 3·10⁻¹⁶, and one unit in the last place, 2⁻⁵², of the other's. */
    private static final double TOLERANCE = 3e-16 + 0x1p-52;

    @Test
    void relativeError_isThatOfADouble_overTheWholeRange() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000_000; i++) {
            // All sizes: half of them uniform, half uniform in the logarithm.
            double x =
                    i % 2 == 0
                            ? -708 * random.nextDouble()
                            : -Math.pow(10, 2.85 - 20 * random.nextDouble());
            assertClose(x);
        }
        for (int k = 0; k <= 65_360; k++) {
            // Where the table's entry changes.
            double edge = -(k + 0.5) * Math.log(2) / 64;
            assertClose(edge);
            assertClose(Math.nextUp(edge));
            assertClose(Math.nextDown(edge));
        }
    }

    private static void assertClose(double x) {
        if (x < -708) {
            return;
        }
        double expected = StrictMath.exp(x);
        double error = Math.abs(Exponential.of(x) - expected);
        if (!(error <= TOLERANCE * expected)) {
            assertThat(Exponential.of(x)).as("exp(%s)", x).isEqualTo(expected);
        }
    }

    @Test
    void ends_areExact() {
        assertThat(Exponential.of(0.0)).isEqualTo(1);
        assertThat(Exponential.of(-0.0)).isEqualTo(1);
        assertThat(Exponential.of(-708)).isGreaterThan(Double.MIN_NORMAL);
        assertThat(Exponential.of(Math.nextDown(-708.0))).isEqualTo(0);
        assertThat(Exponential.of(-1e300)).isEqualTo(0);
        assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isEqualTo(0);
        assertThat(Exponential.of(Double.NaN)).isNaN();
    }

    @Test
    void order_isKept() {
        double before = 0;
        for (int i = 0; i <= 708_000; i++) {
            double power = Exponential.of(-708 + i * 1e-3);
            assertThat(power > before && power <= 1).as("at %d", i).isTrue();
            before = power;
        }
    }
}
