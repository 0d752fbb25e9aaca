package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.monitor.Monitors.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScoreTest {
    @ParameterizedTest
    @EnumSource
    void prometheusPage_describesTheScore(Score score) throws IOException {
        Path page = Path.of("..", "deploy", "prometheus", "README.md");
        assertThat(Files.readAllLines(page))
                .contains(
                        "| `rolling_%s`, `fading_…`, `prequential_…` | | %s |"
                                .formatted(score.gaugeName(), score.meaning()));
    }

    @Test
    void scoresOfEqualTallies_areEqual() {
        Tallies tallies = new Tallies(Settings.of(3, 10).config());
        Monitors.examples(1, 20, 3).forEach(example -> tallies.add(example, 1));

        assertThat(Scores.of(tallies, 20))
                .isEqualTo(Scores.of(tallies, 20))
                .hasSameHashCodeAs(Scores.of(tallies, 20))
                .isNotEqualTo(Scores.of(tallies, 21))
                .isNotEqualTo(Scores.NONE);
    }
}
