package io.freshet.pipeline;

import io.freshet.config.Key;
import io.freshet.publish.JobIdentity;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Description of the job that wrote a checkpoint: its identity and its settings.
 *
 * @param settings value of every key of the job as text, by key, except the options that are passed
 *     to Kafka and Flink; in the order of the keys' names
 */
record SavedJob(JobIdentity identity, Map<String, String> settings) implements Serializable {
    SavedJob {
        settings = new TreeMap<>(settings);
    }

    /**
     * Difference between the settings of a checkpoint and the configured ones.
     *
     * @param key name of the key
     * @param saved value in the checkpoint
     * @param configured value now
     */
    record Difference(String key, String saved, String configured) {
        /** Returns {@code name = value} with the value in the checkpoint. */
        String before() {
            return key + " = " + saved;
        }

        @Override
        public String toString() {
            return key + " = " + saved + " in the state, " + configured + " now";
        }
    }

    /**
     * Returns the keys whose values differ from those of a job, compared as values and not as text.
     * A key that this state does not know yet has the value of jobs before it.
     *
     * @param configured settings of the job
     * @param keys the keys to compare
     */
    List<Difference> differences(Map<String, String> configured, Collection<Key<?>> keys) {
        List<Difference> differences = new ArrayList<>();
        for (Key<?> key : keys) {
            difference(configured, key).ifPresent(differences::add);
        }
        return differences;
    }

    private Optional<Difference> difference(Map<String, String> configured, Key<?> key) {
        String now = Objects.requireNonNull(configured.get(key.name()), key.name());
        String saved = settings.getOrDefault(key.name(), key.textBefore().orElse(now));
        return saved.equals(now) || key.isSameValue(saved, now)
                ? Optional.empty()
                : Optional.of(new Difference(key.name(), saved, now));
    }

    /**
     * Returns why a job with these settings must not continue from this state: the differences that
     * would change what is learnt or what a published figure means. Classes and features that are
     * added at the end are no such difference. Neither are values that follow from another key that
     * differs and cannot change.
     *
     * @param accepted names of keys whose new values are accepted, where the state allows it
     */
    List<Difference> refused(
            Map<String, String> configured, Collection<Key<?>> keys, Set<String> accepted) {
        boolean isOtherForm =
                keys.stream()
                        .filter(Key::isFormOfState)
                        .anyMatch(key -> difference(configured, key).isPresent());
        List<Difference> refused = new ArrayList<>();
        for (Key<?> key : keys) {
            boolean isAccepted =
                    !key.isFormOfState()
                            && (accepted.contains(key.name())
                                    || (isOtherForm && key.hasFormerDefault()));
            difference(configured, key)
                    .filter(
                            each ->
                                    !key.isChangeable()
                                            && !key.isExtension(each.saved(), each.configured())
                                            && !isAccepted)
                    .ifPresent(refused::add);
        }
        return refused;
    }
}
