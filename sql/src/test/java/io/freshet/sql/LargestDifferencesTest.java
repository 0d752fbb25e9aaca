package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LargestDifferencesTest {
    private final LargestDifferences differences =
            new LargestDifferences("a model", new double[][] {{0.25, 0.75}, {0.5, 0.5}});

    @Test
    void wayWithinItsBound_andWayThatWasNotRun_areListed() {
        differences.add("one", 0.125, new double[][] {{0.25, 0.75}, {0.375, 0.5625}});
        differences.addNotRun("other", "it is missing");

        differences.assertWithinBounds();
        assertThat(differences.toString().lines())
                .containsExactly(
                        "a model: largest difference of 2 rows",
                        "  %-46s 1.25e-01  (bound 1.25e-01)".formatted("one"),
                        "  %-46s not run: it is missing".formatted("other"));
    }

    @Test
    void waysBeyondTheirBounds_areAllNamed() {
        differences.add("one", 0.1, new double[][] {{0.25, 0.75}, {0.375, 0.625}});
        differences.add("other", 0, new double[][] {{0.25, 0.5}, {0.5, 0.5}});

        assertThatThrownBy(differences::assertWithinBounds)
                .hasMessageContainingAll("[one]", "0.125", "[other]", "0.25");
    }

    @Test
    void rowsThatAreMissingOrNoNumbers_areRefused() {
        double[][] tooFew = {{0.25, 0.75}};
        double[][] missing = {{0.25, 0.75}, null};
        double[][] noNumber = {{0.25, 0.75}, {0.5, Double.NaN}};

        assertThatThrownBy(() -> differences.add("one", 1, tooFew)).hasMessageContaining("[one]");
        assertThatThrownBy(() -> differences.add("one", 1, missing))
                .hasMessageContaining("[one, row 1]");
        assertThatThrownBy(() -> differences.add("one", 1, noNumber))
                .hasMessageContaining("[one, row 1]");
    }
}
