package io.freshet.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Source of settings: a properties file, and overrides. */
public final class SettingsSource {
    private SettingsSource() {}

    /**
     * Returns the settings of a file with the overrides applied.
     *
     * @param file properties in UTF-8, or null
     * @param overrides settings of the form {@code key=value}, which take precedence over the file;
     *     of several for the same key the last one is used
     * @throws ConfigurationException if the file cannot be read or an override has no {@code =}
     */
    public static Map<String, String> read(@Nullable Path file, List<String> overrides) {
        List<String> problems = new ArrayList<>();
        Properties properties = new Properties();
        if (file != null) {
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                problems.add("the configuration file " + file + " cannot be read: " + e);
            }
        }
        Map<String, String> settings = new TreeMap<>();
        for (String name : properties.stringPropertyNames()) {
            settings.put(name, properties.getProperty(name));
        }
        for (String override : overrides) {
            int equals = override.indexOf('=');
            if (equals <= 0) {
                problems.add("--set " + override + ": must be key=value");
            } else {
                settings.put(
                        override.substring(0, equals).strip(),
                        override.substring(equals + 1).strip());
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        return settings;
    }
}
