package io.freshet.maths;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExponentialTest {
    /**
     * The error bound of {@link Exponential}, and one unit in the last place of {@link StrictMath}.
     */
    private static final double TOLERANCE = 3e-16 + 0x1p-52;

    @Test
    void relativeError_isThatOfADouble_overTheWholeRange() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000_000; i++) {
            // All magnitudes: half of them uniform, half uniform in the logarithm.
            double x =
                    i % 2 == 0
                            ? 708 * random.nextDouble()
                            : Math.pow(10, 2.85 - 20 * random.nextDouble());
            assertClose(x);
            assertClose(-x);
        }
        for (int k = 0; k <= 65_360; k++) {
            // Boundaries between entries of the table.
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
        double error = Math.abs(Exponential.exp(x) - expected);
        if (!(error <= TOLERANCE * expected)) {
            assertThat(Exponential.exp(x)).as("exp(%s)", x).isEqualTo(expected);
        }
    }

    @Test
    void limitsOfTheDomain_areExact() {
        assertThat(Exponential.exp(0.0)).isEqualTo(1);
        assertThat(Exponential.exp(-0.0)).isEqualTo(1);
        assertThat(Exponential.exp(-708)).isGreaterThan(Double.MIN_NORMAL);
        assertThat(Exponential.exp(Math.nextDown(-708.0))).isEqualTo(0);
        assertThat(Exponential.exp(708)).isFinite();
        assertThat(Exponential.exp(-1e300)).isEqualTo(0);
        assertThat(Exponential.exp(Double.NEGATIVE_INFINITY)).isEqualTo(0);
        assertThat(Exponential.exp(Double.NaN)).isNaN();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 31, 32, 1000})
    void expAll_equalsExpOfEachValue_bitForBit(int count) {
        double[] x = new Random(2).doubles(3 + count, -680, 680).toArray();
        x[3] = -680;
        x[2 + count] = 680;
        double[] results = new double[count + 1];
        results[count] = 9;
        assertThat(Exponential.expAll(x, 3, count, results)).isTrue();
        for (int i = 0; i < count; i++) {
            assertThat(results[i]).isEqualTo(Exponential.exp(x[3 + i]));
        }
        assertThat(results[count]).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-680.001, 680.001, -1e300, Double.NEGATIVE_INFINITY, Double.NaN})
    void expAll_reportsAValueOutsideTheSafeRange_andComputesTheOthers(double outside) {
        for (int count : new int[] {1, 10, 100}) {
            double[] x = new double[count];
            assertThat(Exponential.allInSafeRange(x, 0, count)).isTrue();
            x[count / 2] = outside;
            double[] results = new double[count];
            assertThat(Exponential.allInSafeRange(x, 0, count)).isFalse();
            assertThat(Exponential.expAll(x, 0, count, results)).isFalse();
            for (int i = 0; i < count; i++) {
                assertThat(i == count / 2 || results[i] == 1).isTrue();
            }
        }
    }

    @Test
    void exp_isStrictlyIncreasing() {
        double previous = 0;
        for (int i = 0; i <= 1_416_000; i++) {
            double result = Exponential.exp(-708 + i * 1e-3);
            assertThat(result > previous).as("at %d", i).isTrue();
            previous = result;
        }
    }
}
