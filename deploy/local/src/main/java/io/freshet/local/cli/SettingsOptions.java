package io.freshet.local.cli;

import io.freshet.config.SettingsSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The job's settings, as every command takes them. */
public final class SettingsOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Properties file with the job's keys; deploy/freshet.properties has all.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Sets a key of the job, over the file's. May be repeated.")
    private List<String> overrides = new ArrayList<>();

    private @Nullable Map<String, String> settings;

    /** The keys given; the file is read once. */
    public Map<String, String> read() {
        if (settings == null) {
            settings = SettingsSource.read(file, overrides);
        }
        return settings;
    }
}
