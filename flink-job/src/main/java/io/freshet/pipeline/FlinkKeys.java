package io.freshet.pipeline;

import io.freshet.config.Settings;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.FallbackKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Options of Flink, as far as they can be known: the constants of the classes {@code
 * org.apache.flink.configuration.…Options} in the jar that Flink is loaded from.
 *
 * <p>Flink ignores an option that it does not know. Other modules, plug-ins and file systems have
 * options of their own, so an unknown one is only warned of, unless it looks misspelt.
 */
final class FlinkKeys {
    private static final Logger LOG = LoggerFactory.getLogger(FlinkKeys.class);

    private static final Pattern OPTION_CLASS =
            Pattern.compile("org/apache/flink/configuration/\\w+Options\\.class");

    /** Edit distance up to which an unknown option is taken for a misspelt one. */
    private static final int MISSPELT = 2;

    /** Prefixes of options that belong to other modules, to plug-ins or to named instances. */
    private static final List<String> OPEN =
            List.of(
                    "akka.",
                    "classloader.",
                    "containerized.",
                    "env.",
                    "events.reporter.",
                    "external-resource.",
                    "fs.",
                    "gs.",
                    "hadoop.",
                    "high-availability.",
                    "job-result-store.",
                    "kubernetes.",
                    "metrics.reporter.",
                    "metrics.scope.",
                    "oss.",
                    "pekko.",
                    "s3.",
                    "s3a.",
                    "security.",
                    "shuffle-service-factory.",
                    "state.backend.",
                    "traces.reporter.",
                    "yarn.",
                    "zookeeper.");

    private FlinkKeys() {}

    /** Holder of the known options, which are looked up only if there is an option to check. */
    private static final class Known {
        private static final Set<String> NAMES = names();
    }

    /**
     * Records a problem for each option that looks misspelt, and a warning for each other unknown
     * one.
     *
     * @param prefix prefix of the options in the settings
     * @param options options, without the prefix. Not modified.
     */
    static void check(Settings settings, String prefix, Map<String, String> options) {
        for (String key : new TreeMap<>(options).keySet()) {
            if (OPEN.stream().anyMatch(key::startsWith) || Known.NAMES.contains(key)) {
                continue;
            }
            Optional<String> nearest = Settings.nearestName(key, Known.NAMES);
            if (nearest.isEmpty()) {
                continue; // nothing is known of this Flink
            }
            String message =
                    "unknown key "
                            + prefix
                            + key
                            + ": Flink has no such option; the nearest known one is "
                            + nearest.get();
            if (Settings.editDistance(key, nearest.get()) <= MISSPELT) {
                settings.problem(message);
            } else {
                settings.warn(message + "; it has no effect unless another module reads it");
            }
        }
    }

    /** Returns the names of Flink's options; empty if Flink is not loaded from a jar. */
    private static Set<String> names() {
        Set<String> names = new HashSet<>();
        CodeSource source = CoreOptions.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            return names;
        }
        try {
            Path jar = Path.of(source.getLocation().toURI());
            if (!Files.isRegularFile(jar)) {
                return names;
            }
            try (JarFile file = new JarFile(jar.toFile())) {
                List<String> classes =
                        file.stream()
                                .map(entry -> entry.getName())
                                .filter(name -> OPTION_CLASS.matcher(name).matches())
                                .toList();
                for (String name : classes) {
                    addOptions(name.substring(0, name.indexOf('.')).replace('/', '.'), names);
                }
            }
        } catch (IOException | URISyntaxException | ReflectiveOperationException e) {
            LOG.warn("Flink's options are not known, and so are not checked", e);
            names.clear();
        }
        return names;
    }

    private static void addOptions(String name, Set<String> names)
            throws ReflectiveOperationException {
        ClassLoader loader = CoreOptions.class.getClassLoader();
        for (Field field : Class.forName(name, true, loader).getFields()) {
            if (Modifier.isStatic(field.getModifiers())
                    && field.get(null) instanceof ConfigOption<?> option) {
                names.add(option.key());
                for (FallbackKey fallback : option.fallbackKeys()) {
                    names.add(fallback.getKey());
                }
            }
        }
    }
}
