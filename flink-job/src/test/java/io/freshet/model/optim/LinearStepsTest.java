package io.freshet.model.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.optim.LearningRateSchedule.Kind;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearStepsTest {
    private static final int STEPS = 24;

    @Test
    void plainSteps_areMinusTheLearningRates() {
        LearningRateSchedule schedule = new LearningRateSchedule(Kind.EXPONENTIAL, 1, 0.5, 1);
        LinearSteps unrolled =
                new LinearSteps(new Sgd(schedule, 0, 0, false, 0).linearRule(), STEPS);
        unrolled.begin(false);
        for (int t = 0; t < STEPS; t++) {
            unrolled.step(schedule.at(t));
        }
        assertThat(unrolled.parametersOfParameters()).isEqualTo(1);
        for (int s = 0; s < STEPS; s++) {
            assertThat(unrolled.parametersOfGradient(s)).isEqualTo(-Math.pow(0.5, s));
        }
    }

    @Test
    void momentumAtAConstantRate_hasAClosedForm() {
        double rate = 0.1;
        double momentum = 0.9;
        LinearSteps unrolled = new LinearSteps(new Sgd(rate, momentum).linearRule(), STEPS);
        unrolled.begin(true);
        for (int t = 1; t <= STEPS; t++) {
            unrolled.step(rate);
            // v₀ contributes μ v₀, μ² v₀ …, and a gradient g, μ g …: geometric sums.
            assertThat(unrolled.parametersOfParameters()).isEqualTo(1);
            assertThat(unrolled.parametersOfVelocity())
                    .isCloseTo(
                            -rate * momentum * (1 - Math.pow(momentum, t)) / (1 - momentum),
                            within(1e-15));
            for (int s = 0; s < t; s++) {
                assertThat(unrolled.parametersOfGradient(s))
                        .isCloseTo(
                                -rate * (1 - Math.pow(momentum, t - s)) / (1 - momentum),
                                within(1e-15));
                assertThat(unrolled.velocityOfGradient(s))
                        .isCloseTo(Math.pow(momentum, t - s - 1), within(1e-15));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, false, 0.1, false",
        "0.9, 0, false, 0, false",
        "0.9, 0.4, false, 0, false",
        "0.9, 0.4, false, 0, true",
        "0.9, 1, false, 0.1, true",
        "0.9, 0, true, 0, true",
        "0.9, 0, true, 0.1, false",
        "0.9, 0, true, 0.1, true"
    })
    void coefficients_giveTheStepsOfSgd(
            double momentum, double dampening, boolean nesterov, double decay, boolean moving) {
        LearningRateSchedule schedule = new LearningRateSchedule(Kind.INVERSE_TIME, 0.5, 0.1, 1);
        Sgd sgd = new Sgd(schedule, momentum, dampening, nesterov, decay);
        LinearSteps unrolled = new LinearSteps(sgd.linearRule(), STEPS);
        unrolled.begin(moving);
        Random random = new Random(1);
        double theta0 = random.nextGaussian();
        double v0 = moving ? random.nextGaussian() : 0;
        double theta = theta0;
        double v = v0;
        double[] gradients = random.doubles(STEPS, -1, 1).toArray();
        for (int t = 0; t < STEPS; t++) {
            boolean first = t == 0 && !moving;
            double g = gradients[t] + decay * theta;
            v = first ? g : momentum * v + (1 - dampening) * g;
            theta -= schedule.at(t) * (nesterov ? g + momentum * v : v);
            unrolled.step(schedule.at(t));

            double sum =
                    unrolled.parametersOfParameters() * theta0
                            + unrolled.parametersOfVelocity() * v0;
            double sumOfVelocity =
                    unrolled.velocityOfParameters() * theta0 + unrolled.velocityOfVelocity() * v0;
            for (int s = 0; s <= t; s++) {
                sum += unrolled.parametersOfGradient(s) * gradients[s];
                sumOfVelocity += unrolled.velocityOfGradient(s) * gradients[s];
            }
            assertThat(sum).isCloseTo(theta, within(1e-13));
            if (momentum > 0) {
                assertThat(sumOfVelocity).isCloseTo(v, within(1e-13));
            }
        }
    }
}
