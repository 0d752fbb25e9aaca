package io.freshet.model.linalg;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
                            ? 708 * random.nextDouble()
                            : Math.pow(10, 2.85 - 20 * random.nextDouble());
            assertClose(x);
            assertClose(-x);
        }
        for (int k = 0; k <= 65_360; k++) {
            // Where the table's entry changes.
            double edge = (k + 0.5) * Math.log(2) / 64;
            for (double x : new double[] {edge, Math.nextUp(edge), Math.nextDown(edge)}) {
                assertClose(x);
                assertClose(-x);
            }
        }
    }

    private static void assertClose(double x) {
        if (Math.abs(x) > 708) {
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
        assertThat(Exponential.of(708)).isFinite();
        assertThat(Exponential.of(-1e300)).isEqualTo(0);
        assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isEqualTo(0);
        assertThat(Exponential.of(Double.NaN)).isNaN();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 31, 32, 1000})
    void ofMany_isThatOfEach_bitForBit(int count) {
        double[] x = new Random(2).doubles(3 + count, -680, 680).toArray();
        x[3] = -680;
        x[2 + count] = 680;
        double[] powers = new double[count + 1];
        powers[count] = 9;
        assertThat(Exponential.of(x, 3, count, powers)).isTrue();
        for (int i = 0; i < count; i++) {
            assertThat(powers[i]).isEqualTo(Exponential.of(x[3 + i]));
        }
        assertThat(powers[count]).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-680.001, 680.001, -1e300, Double.NEGATIVE_INFINITY, Double.NaN})
    void ofMany_saysWhereOneDoesNotFit_andComputesTheOthers(double odd) {
        for (int count : new int[] {1, 10, 100}) {
            double[] x = new double[count];
            assertThat(Exponential.fit(x, 0, count)).isTrue();
            x[count / 2] = odd;
            double[] powers = new double[count];
            assertThat(Exponential.fit(x, 0, count)).isFalse();
            assertThat(Exponential.of(x, 0, count, powers)).isFalse();
            for (int i = 0; i < count; i++) {
                assertThat(i == count / 2 || powers[i] == 1).isTrue();
            }
        }
    }

    @Test
    void order_isKept() {
        double before = 0;
        for (int i = 0; i <= 1_416_000; i++) {
            double power = Exponential.of(-708 + i * 1e-3);
            assertThat(power > before).as("at %d", i).isTrue();
            before = power;
        }
    }
}
