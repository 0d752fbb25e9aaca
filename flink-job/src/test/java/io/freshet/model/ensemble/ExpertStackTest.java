package io.freshet.model.ensemble;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Test of {@link ExpertStack}. */
class ExpertStackTest {
    private static final double[] LOGS = {-0.1, -2, -2.4, -0.15};
    private static final double[] PROBABILITIES = {0.5, 0.5};
    private static final double[] FIRST = {1, 0};

    @Test
    void expertThatIsRight_gainsWeight() {
        ExpertStack stack = new ExpertStack(2, 2, 1e-4, 0.5);

        assertThat(stack.learn(LOGS, PROBABILITIES, FIRST, 1)).isTrue();
        assertThat(stack.weights()[0]).isGreaterThan(0.5);
        assertThat(stack.weights()[1]).isLessThan(0.5);
    }

    @Test
    void numberThatIsNotFinite_letsTheStackBeginAnew() {
        ExpertStack stack = new ExpertStack(2, 2, 1e-4, 0.5);
        double[] initial = stack.state();
        stack.learn(LOGS, PROBABILITIES, FIRST, 1);
        assertThat(stack.state()).isNotEqualTo(initial);

        double[] broken = LOGS.clone();
        broken[1] = Double.NaN;
        assertThat(stack.learn(broken, PROBABILITIES, FIRST, 1)).isFalse();
        assertThat(stack.state()).isEqualTo(initial);
        assertThat(stack.learn(LOGS, PROBABILITIES, FIRST, 1)).isTrue();
    }

    @Test
    void exampleCountsTenTimesAtMost() {
        ExpertStack ten = new ExpertStack(2, 2, 0, 0);
        ExpertStack million = new ExpertStack(2, 2, 0, 0);
        ten.learn(LOGS, PROBABILITIES, FIRST, 10);
        million.learn(LOGS, PROBABILITIES, FIRST, 1e6);

        assertThat(million.state()).isEqualTo(ten.state());
    }
}
