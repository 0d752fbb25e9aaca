package io.freshet.learn.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.loss.Loss;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that every loss that can be configured has keys, descriptions and provenance. */
class LossOptionTest {
    /** Types of labels; with three classes, each loss accepts at least one of them. */
    private static final List<String> LABEL_TYPES = List.of("class", "multi-label");

    private static Settings settings(LossOption option, Map<String, String> values) {
        Map<String, String> given = new HashMap<>(values);
        given.put("training.loss", Key.kebab(option));
        given.put("num-features", "2");
        given.put("classes", "3");
        List<Key<?>> known = new ArrayList<>(IngestConfig.KEYS);
        known.addAll(TrainingConfig.KEYS);
        return Settings.of(given, known, Set.of());
    }

    /** Returns the loss for the first type of labels that it accepts. */
    private static Loss read(LossOption option, Map<String, String> values) {
        for (String labelType : LABEL_TYPES) {
            Map<String, String> given = new HashMap<>(values);
            given.put("label.type", labelType);
            Settings settings = settings(option, given);
            Loss loss = LossOption.read(settings, IngestConfig.from(settings));
            if (settings.problems().isEmpty()) {
                return loss;
            }
        }
        throw new AssertionError(option + " accepts none of " + LABEL_TYPES);
    }

    @ParameterizedTest
    @EnumSource
    void option_hasDocumentedKeys(LossOption option) {
        assertThat(option.keys())
                .isNotEmpty()
                .allSatisfy(key -> assertThat(key.meaning()).endsWith("."));
        assertThat(TrainingConfig.KEYS).containsAll(option.keys());
        assertThat(LossOption.LOSS.type()).contains(Key.kebab(option));
        assertThat(LossOption.LOSS.meaning()).contains(Key.kebab(option));
    }

    @ParameterizedTest
    @EnumSource
    void option_hasTheActivationOfItsLoss(LossOption option) {
        assertThat(read(option, Map.of()).activation()).isEqualTo(option.activation());
    }

    @ParameterizedTest
    @EnumSource
    void provenance_namesTheLossAndItsKeys_andGivesTheSameLoss(LossOption option) {
        Loss loss = read(option, Map.of());
        Map<String, String> provenance = LossOption.hyperParameters(loss);
        List<String> names = new ArrayList<>(option.keys().stream().map(Key::name).toList());
        names.add("training.loss");

        assertThat(provenance.keySet()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(provenance).containsEntry("training.loss", Key.kebab(option));
        assertThat(read(option, provenance)).isEqualTo(loss);
    }

    @ParameterizedTest
    @EnumSource(names = {"CROSS_ENTROPY", "NLL"})
    void provenance_namesBalancedClassWeights_andGivesTheSameLoss(LossOption option) {
        Loss loss = read(option, Map.of("training.class-weights", "balanced"));
        Map<String, String> provenance = LossOption.hyperParameters(loss);

        assertThat(loss.balancesClasses()).isTrue();
        assertThat(provenance).containsEntry("training.class-weights", "balanced");
        assertThat(read(option, provenance)).isEqualTo(loss);
    }

    @ParameterizedTest
    @EnumSource
    void everyKey_setsTheProperty_thatProvenanceReports(LossOption option) {
        Map<String, String> defaults = LossOption.hyperParameters(read(option, Map.of()));
        for (Key<?> key : option.keys()) {
            // A list has a value for each of the three outputs.
            String other = defaults.get(key.name()).isEmpty() ? "1,2,0.5" : "0.25";
            Map<String, String> expected = new TreeMap<>(defaults);
            expected.put(key.name(), other);

            assertThat(LossOption.hyperParameters(read(option, Map.of(key.name(), other))))
                    .isEqualTo(expected);
        }
    }
}
