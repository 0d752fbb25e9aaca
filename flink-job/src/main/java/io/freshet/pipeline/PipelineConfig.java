package io.freshet.pipeline;

import io.freshet.config.ConfigurationException;
import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelCost;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.MonitorMemory;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Configuration of the stages from messages or examples to results, without Kafka.
 *
 * @param ingest configuration of ingest
 * @param learn configuration of the learn stage
 * @param monitor configuration of the monitor stage
 */
public record PipelineConfig(IngestConfig ingest, LearnConfig learn, MonitorConfig monitor)
        implements Serializable {
    /** The keys of this configuration. */
    static List<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>(IngestConfig.KEYS);
        keys.addAll(LearnConfig.KEYS);
        keys.addAll(DriftConfig.KEYS);
        keys.addAll(MonitorConfig.KEYS);
        return keys;
    }

    /**
     * Parses the configuration of a pipeline of {@linkplain io.freshet.ingest.Example examples}.
     *
     * @param values values by key, such as {@code num-features} and {@code classes}; no key of
     *     Kafka, of topics or of the job. Not modified.
     * @throws ConfigurationException listing all problems
     */
    public static PipelineConfig parse(Map<String, String> values) {
        Settings settings = Settings.of(values, keys(), Set.of());
        PipelineConfig config = read(settings);
        if (config.ingest.source().format() != SourceFormat.FRESHET) {
            settings.problem(
                    "source.format = "
                            + Key.kebab(config.ingest.source().format())
                            + ": a pipeline of examples does not read messages");
        }
        settings.throwIfProblems();
        return config;
    }

    /** Reads the keys. Problems are recorded in the settings. */
    static PipelineConfig read(Settings settings) {
        IngestConfig ingest = IngestConfig.from(settings);
        LearnConfig learn =
                LearnConfig.from(settings, ingest, settings.get(MonitorConfig.WINDOW_SIZE));
        MonitorConfig monitor =
                MonitorConfig.from(
                        settings, ingest.classes(), ingest.numClasses(), learn.maxModels());
        ModelCost.of(learn)
                .plus(MonitorMemory.cost(monitor))
                .excess(settings.get(LearnConfig.MODELS_MAX_BYTES))
                .ifPresent(settings::problem);
        return new PipelineConfig(ingest, learn, monitor);
    }
}
