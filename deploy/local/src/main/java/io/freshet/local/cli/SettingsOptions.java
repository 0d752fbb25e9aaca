package io.freshet.local.cli;

import io.freshet.config.SettingsSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options for the job's settings, shared by all commands. */
public final class SettingsOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "Properties file with settings of the job; deploy/freshet.properties lists all"
                            + " keys.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Sets a key of the job, overriding the file. May be repeated.")
    private List<String> overrides = new ArrayList<>();

    private @Nullable Map<String, String> settings;

    /** Returns the settings given; the file is read once. */
    public Map<String, String> read() {
        if (settings == null) {
            settings = SettingsSource.read(file, overrides);
        }
        return settings;
    }

    /** Returns whether a key is given with an option, not in the file. */
    public boolean isOverridden(String key) {
        return overrides.stream().anyMatch(each -> each.startsWith(key + "="));
    }
}
