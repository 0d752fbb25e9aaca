package io.freshet.learn.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.optim.Adam;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of every optimiser and scaler, and of their combination with a learning rate. */
class TrainingConfigTest {
    private static LearnerSettings read(Map<String, String> values) {
        Map<String, String> given = new HashMap<>(values);
        given.put("num-features", "2");
        given.put("classes", "3");
        given.putIfAbsent("learner.type", "softmax");
        List<Key<?>> known = new ArrayList<>(IngestConfig.KEYS);
        known.addAll(TrainingConfig.KEYS);
        Settings settings = Settings.of(given, known, Set.of());
        LearnerSettings learner = TrainingConfig.read(settings, IngestConfig.from(settings));
        settings.throwIfProblems();
        return learner;
    }

    @Test
    void provenanceOfAMixture_givesTheSameLearner() {
        LearnerSettings learner = read(Map.of("training.experts.baselines", "true"));

        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
        assertThat(TrainingConfig.hyperParameters(learner))
                .containsEntry("training.learning-rate", "auto")
                .containsEntry("training.experts.rates", "0.001,0.003,0.01,0.03,0.1,0.3,1")
                .doesNotContainKey("training.momentum");
    }

    @Test
    void provenanceOfAnEnsemble_givesTheSameLearner() {
        LearnerSettings learner =
                read(Map.of("learner.type", "ensemble", "training.experts.baselines", "true"));

        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
        assertThat(learner.numExperts()).isEqualTo(11);
    }

    @Test
    void provenanceOfAFixedLearningRate_givesTheSameLearner() {
        LearnerSettings learner =
                read(
                        Map.of(
                                "training.learning-rate", "0.001",
                                "training.momentum", "0.5",
                                "training.dampening", "0.25",
                                "training.weight-decay", "0.125",
                                "training.schedule", "step",
                                "training.schedule.decay", "0.75",
                                "training.schedule.every", "7"));

        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
        assertThat(TrainingConfig.hyperParameters(learner))
                .containsEntry("training.learning-rate", "0.001")
                .containsEntry("training.nesterov", "false")
                .doesNotContainKey("training.experts.rates");
    }

    @ParameterizedTest
    @EnumSource
    void optimizer_hasDocumentedKeys_thatProvenanceNames(OptimizerOption option) {
        assertThat(option.keys())
                .isNotEmpty()
                .allSatisfy(key -> assertThat(key.meaning()).endsWith("."));
        assertThat(TrainingConfig.KEYS).containsAll(option.keys());
        LearnerSettings learner =
                read(
                        Map.of(
                                "training.learning-rate",
                                "0.5",
                                "training.optimizer",
                                Key.kebab(option)));
        assertThat(OptimizerOption.OPTIMIZER.meaning()).contains(Key.kebab(option) + " ");
        assertThat(TrainingConfig.hyperParameters(learner))
                .containsEntry("training.optimizer", Key.kebab(option))
                .containsKeys(option.keys().stream().map(Key::name).toArray(String[]::new));
        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
    }

    @Test
    void adam_readsItsKeys() {
        LearnerSettings learner =
                read(
                        Map.of(
                                "training.learning-rate", "0.01",
                                "training.optimizer", "adam",
                                "training.adam.beta1", "0.5",
                                "training.adam.beta2", "0.75",
                                "training.adam.epsilon", "0.001",
                                "training.weight-decay", "0.25"));

        assertThat(learner.optimizer())
                .isEqualTo(
                        new Adam(
                                new LearningRateSchedule(Kind.CONSTANT, 0.01, 1, 1000),
                                0.5,
                                0.75,
                                0.001,
                                0.25));
        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
    }

    @Test
    void keysOfAnotherOptimizer_andAdamUnderAuto_areRefused() {
        assertThatThrownBy(
                        () ->
                                read(
                                        Map.of(
                                                "training.learning-rate", "0.01",
                                                "training.optimizer", "adam",
                                                "training.momentum", "0.9",
                                                "training.nesterov", "true")))
                .hasMessageContaining(
                        "training.momentum = 0.9 has no effect with training.optimizer = adam")
                .hasMessageContaining(
                        "training.nesterov = true has no effect with training.optimizer = adam");
        assertThatThrownBy(
                        () ->
                                read(
                                        Map.of(
                                                "training.learning-rate", "0.01",
                                                "training.adam.beta1", "0.5")))
                .hasMessageContaining(
                        "training.adam.beta1 = 0.5 has no effect with training.optimizer = sgd");
        assertThatThrownBy(() -> read(Map.of("training.optimizer", "adam")))
                .hasMessageContaining(
                        "training.optimizer = adam with training.learning-rate = auto");
    }

    @ParameterizedTest
    @EnumSource
    void scaler_isDocumented_andNamedInProvenance(ScalerOption option) {
        String name = Key.kebab(option);

        LearnerSettings learner = read(Map.of("scaler.type", name));
        assertThat(ScalerOption.TYPE.meaning()).contains(name + " ");
        assertThat(option.keys()).allSatisfy(key -> assertThat(key.meaning()).endsWith("."));
        assertThat(TrainingConfig.KEYS).containsAll(option.keys());
        assertThat(TrainingConfig.hyperParameters(learner)).containsEntry("scaler.type", name);
        assertThat(TrainingConfig.hyperParameters(learner).keySet())
                .containsAll(option.keys().stream().map(Key::name).toList());
        assertThat(read(TrainingConfig.hyperParameters(learner))).isEqualTo(learner);
    }
}
