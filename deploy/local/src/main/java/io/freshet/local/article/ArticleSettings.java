package io.freshet.local.article;

import io.freshet.local.cli.UserException;
import io.freshet.local.stream.LabelledStream;
import io.freshet.publish.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Settings of the two jobs that learn from the same images. */
public final class ArticleSettings {
    /** What the article chooses, and what makes two runs equal bit for bit. */
    private static final Map<String, String> ARTICLE =
            Map.of(
                    "mini-batch.size", "32",
                    "training.learning-rate", "0.001",
                    "training.optimizer", "sgd",
                    "training.momentum", "0.9",
                    "training.loss", "cross-entropy",
                    "learner.type", "softmax",
                    "scaler.type", "none",
                    "block.max-wait", "off");

    /** Frequent results; nothing of this changes what a model learns. */
    private static final Map<String, String> FREQUENT_RESULTS =
            Map.of(
                    "checkpoint.interval", "1 s",
                    "models.publish-interval", "1 s",
                    "metrics.every", "500");

    /** Beginnings of the keys that may be set: how the first job learns and what it measures. */
    private static final List<String> CHANGEABLE =
            List.of(
                    "training.",
                    "mini-batch.",
                    "scaler.",
                    "block.",
                    "drift.",
                    "metrics.",
                    "models.",
                    "checkpoint.",
                    "device.");

    private ArticleSettings() {}

    /**
     * Returns the settings of the job with the article's hyper-parameters.
     *
     * @param given settings that override them
     * @throws UserException if {@code given} has keys that belong to the images or the broker
     */
    public static Map<String, String> article(
            LabelledStream images, String bootstrapServers, Map<String, String> given) {
        for (String key : given.keySet()) {
            if (CHANGEABLE.stream().noneMatch(key::startsWith)) {
                throw new UserException(
                        key
                                + " cannot be set for freshet article; it takes keys that begin"
                                + " with "
                                + String.join(", ", CHANGEABLE));
            }
        }
        Map<String, String> settings = base("article", images, bootstrapServers);
        settings.putAll(ARTICLE);
        settings.putAll(given);
        return settings;
    }

    /** Returns the settings of the job with Freshet's defaults. */
    public static Map<String, String> defaults(LabelledStream images, String bootstrapServers) {
        return base("defaults", images, bootstrapServers);
    }

    /**
     * Returns the settings that the article or the user chooses, as lines {@code key=value}.
     *
     * @param settings settings of the job
     * @param given those that the user has given
     */
    public static List<String> choices(Map<String, String> settings, Map<String, String> given) {
        Set<String> keys = new TreeSet<>(ARTICLE.keySet());
        keys.addAll(given.keySet());
        return keys.stream().map(key -> key + "=" + settings.get(key)).toList();
    }

    private static Map<String, String> base(
            String job, LabelledStream images, String bootstrapServers) {
        Map<String, String> settings = new HashMap<>(images.settings());
        settings.putAll(FREQUENT_RESULTS);
        settings.put("kafka.bootstrap.servers", bootstrapServers);
        settings.put("job.name", job);
        settings.put("source.group-id", job);
        settings.put("sink.transactional-id-prefix", job);
        for (Topic topic : Topic.values()) {
            settings.put(topic.key().name(), job + "-" + topic.key().defaultText().orElseThrow());
        }
        return settings;
    }
}
